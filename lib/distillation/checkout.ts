/**
 * The receiver's checkout compared with the commit at which a document was written.
 *
 * @module
 */

import type { GitFacts } from "./project_facts.ts";
import { openRepository, type RunGit } from "./repository.ts";

/** Relation of a local checkout to the one in which a document was written. */
export type CheckoutRelation =
  | "no_git_here"
  | "nothing_offered"
  | "same"
  | "ahead"
  | "behind"
  | "diverged"
  | "commit_missing";

/**
 * Compares the checkout in `folder` with the sender's commit.
 *
 * @param theirs Checked by the offer's schema: a commit is a hash and nothing else.
 */
export async function compareCheckout(
  folder: string,
  theirs: GitFacts | undefined,
  runGit: RunGit,
): Promise<CheckoutRelation> {
  const commit = theirs?.commit;
  if (commit === undefined) return "nothing_offered";
  const git = await openRepository(folder, runGit);
  if (git === null) return "no_git_here";
  const head = (await git("rev-parse", "--verify", "-q", "HEAD"))?.trim();
  if (head === undefined) return "no_git_here";
  if (head === commit) return "same";
  if (await git("cat-file", "-e", `${commit}^{commit}`) === null) {
    return "commit_missing";
  }
  if (await git("merge-base", "--is-ancestor", commit, "HEAD") !== null) {
    return "ahead";
  }
  if (await git("merge-base", "--is-ancestor", "HEAD", commit) !== null) {
    return "behind";
  }
  return "diverged";
}
