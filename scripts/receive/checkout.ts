/**
 * The checkout that a receiver has of the project, and the words for how it stands to the
 * sender's commit.
 *
 * @module
 */

import {
  Checkout,
  type CheckoutRelation,
} from "../../lib/distillation/checkout.ts";
import { GitProgram } from "../../lib/git/git.ts";
import type { GitFacts } from "../../lib/distillation/project_facts.ts";

/** Longest that git may take for one answer, in milliseconds: the user and the sender wait. */
const GIT_TIMEOUT_MS = 5_000;

const WORDS: Record<CheckoutRelation, string> = {
  same: "your checkout is at the same commit",
  ahead: "your checkout has that commit and newer ones",
  behind:
    "your checkout is behind that commit; update it (git merge --ff-only) before you continue",
  diverged:
    "your checkout and that commit have diverged: both have commits that the other lacks",
  commit_missing:
    "your checkout does not have that commit; fetch it (git fetch) before you continue",
  nothing_offered: "the sender did not name a commit",
  no_git_here: "there is no git checkout here to compare with",
  unknown: "git could not tell how your checkout stands to that commit",
};

const BROUGHT =
  "your checkout does not have that commit; the work that comes along may bring it";

/** The local checkout; disposing of it ends git. */
export class LocalCheckout implements Disposable {
  readonly #git: GitProgram;
  readonly #opening: Promise<Checkout>;

  constructor(folder: string, signal: AbortSignal) {
    this.#git = new GitProgram({ timeoutMs: GIT_TIMEOUT_MS, signal });
    this.#opening = Checkout.open(folder, this.#git.start);
    // Thrown where it is waited for.
    this.#opening.catch(() => {});
  }

  /** Waits until all programs have started; throws the signal's reason. */
  async started(): Promise<void> {
    await this.#opening;
  }

  /**
   * Compares it with the sender's commit; once. Throws the signal's reason.
   *
   * @param hasWork Whether the sender's work comes along.
   */
  async compare(
    theirs: GitFacts | undefined,
    hasWork: boolean,
  ): Promise<{ relation: CheckoutRelation; words: string }> {
    const relation = await (await this.#opening).compare(theirs);
    const isBrought = relation === "commit_missing" && hasWork;
    return { relation, words: isBrought ? BROUGHT : WORDS[relation] };
  }

  [Symbol.dispose](): void {
    this.#git[Symbol.dispose]();
  }
}
