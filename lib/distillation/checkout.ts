/**
 * The receiver's checkout, compared with the commit at which a document was written.
 *
 * The commit is known only once the sender is heard, and by then no program may be started. So
 * git starts before and waits for the commit on its standard input.
 *
 * @module
 */

import type { StartedGit, StartGit } from "../git/git.ts";
import type { GitFacts } from "./project_facts.ts";
import { openRepository } from "../git/repository.ts";

/** Relation of a local checkout to the one in which a document was written. */
export type CheckoutRelation =
  | "no_git_here"
  | "nothing_offered"
  | "same"
  | "ahead"
  | "behind"
  | "diverged"
  | "commit_missing"
  /** Git did not answer in time, or lacks the part of the history that would tell. */
  | "unknown";

/** Git that waits for its questions, one each. */
interface Waiting {
  /** Tells which objects there are. */
  objects: StartedGit;
  /** Counts the commits that only one of two has. */
  counts: StartedGit;
  isShallow: boolean;
}

/** A checkout whose git has started. */
export class Checkout {
  /** Git, or the answer that is known without it. */
  readonly #git: Waiting | "no_git_here" | "unknown";

  private constructor(git: Waiting | "no_git_here" | "unknown") {
    this.#git = git;
  }

  /** Opens the checkout that `folder` belongs to; all programs have started afterwards. */
  static async open(folder: string, startGit: StartGit): Promise<Checkout> {
    try {
      const repository = await openRepository(folder, startGit);
      if (repository === null) return new Checkout("no_git_here");
      const { git, isShallow } = repository;
      return new Checkout({
        objects: git("cat-file", "--batch-check=%(objectname)"),
        counts: git("rev-list", "--left-right", "--count", "--stdin"),
        isShallow,
      });
    } catch (error) {
      return new Checkout(unknownAfter(error));
    }
  }

  /**
   * Compares it with the sender's commit; once.
   *
   * @param theirs Checked by the offer's schema: a commit is a hash and nothing else.
   */
  async compare(theirs: GitFacts | undefined): Promise<CheckoutRelation> {
    const commit = theirs?.commit;
    if (commit === undefined) return "nothing_offered";
    if (typeof this.#git === "string") return this.#git;
    const { objects, counts, isShallow } = this.#git;
    try {
      const [names, count] = await Promise.all([
        objects.answer(`HEAD\n${commit}^{commit}\n`),
        counts.answer(`HEAD...${commit}\n`),
      ]);
      const relation = relationOf(names, count);
      // What looks like two histories may be one whose middle is missing.
      return isShallow && relation === "diverged" ? "unknown" : relation;
    } catch (error) {
      return unknownAfter(error);
    }
  }
}

/**
 * @param names The hash of `HEAD`, and of the commit; or a line that says `missing`.
 * @param count How many commits only `HEAD` has, and how many only the other.
 */
function relationOf(
  names: string | null,
  count: string | null,
): CheckoutRelation {
  const [head, other] = names?.split("\n") ?? [];
  if (head?.endsWith(" missing")) return "no_git_here";
  if (other?.endsWith(" missing")) return "commit_missing";
  const [, ours, theirs] = /^(\d+)\t(\d+)\s*$/.exec(count ?? "") ?? [];
  if (ours === undefined) return "unknown";
  const hasMore = ours !== "0";
  if (theirs === "0") return hasMore ? "ahead" : "same";
  return hasMore ? "diverged" : "behind";
}

function unknownAfter(error: unknown): "unknown" {
  if (!(error instanceof Deno.errors.TimedOut)) throw error;
  return "unknown";
}
