/**
 * Opened work, taken away again: its work tree, its branch, and the names of its commits.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import { filtersOff } from "../../git/filters.ts";
import type { StreamedGit } from "../../git/git.ts";
import type { GitHere, Repository } from "../../git/repository.ts";
import { WORK_REFS } from "../bundle_head.ts";
import { HERE_ONLY } from "../scratch.ts";

/** Arguments that keep git from running anything or following settings of others. */
export async function safely(git: GitHere<StreamedGit>): Promise<string[]> {
  const filters = await filtersOff(git, ["--includes"]);
  if (filters === null) {
    throw new SpreadError(
      "WORK_UNUSABLE",
      'Cannot open the work: a filter in the settings of git has "=" in its name',
      "Rename it",
    );
  }
  const settings = [
    "submodule.recurse=false",
    "core.sparseCheckout=false",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "core.symlinks=true",
    "core.logAllRefUpdates=true",
    "worktree.guessRemote=false",
    "checkout.workers=1",
    "advice.detachedHead=false",
  ].flatMap((setting) => ["-c", setting]);
  return [...filters, ...settings];
}

/**
 * Takes an opened work tree away: its folder, its branch, and the names of its commits. What is
 * missing already is no failure.
 *
 * @param repository With git started at its root.
 * @throws {SpreadError} `WORK_UNUSABLE` when the folder cannot be removed.
 */
export async function takeAway(
  repository: Repository<StreamedGit>,
  opened: { id: string; worktree: string; branch: string },
): Promise<void> {
  const git = repository.gitWith({ ...HERE_ONLY });
  const safe = await safely(git);
  const isGone = await removeWorktree(
    (...args) => git(...safe, ...args),
    opened,
  );
  if (isGone) return;
  throw new SpreadError(
    "WORK_UNUSABLE",
    `Cannot remove the work tree "${opened.worktree}"`,
    "Close the programs that use it, then try again",
  );
}

/** Removes what there is of a work tree. @returns Whether the folder is gone. */
export async function removeWorktree(
  git: GitHere<StreamedGit>,
  { id, worktree, branch }: {
    id: string;
    worktree: string | null;
    branch: string | null;
  },
): Promise<boolean> {
  let isGone = true;
  if (worktree !== null) {
    const removed = await git(
      "worktree",
      "remove",
      "--force",
      "--force",
      "--",
      worktree,
    )
      .answer();
    isGone = removed !== null || !await isListed(git, worktree);
  }
  if (!isGone) return false;
  if (branch !== null) await git("branch", "-D", "--", branch).answer();
  for (const name of Object.values(WORK_REFS)) {
    await git("update-ref", "--no-deref", "-d", refFor(id, name)).answer();
  }
  return true;
}

async function isListed(
  git: GitHere<StreamedGit>,
  worktree: string,
): Promise<boolean> {
  const listed = await git("worktree", "list", "--porcelain", "-z").answer();
  return (listed ?? "").split("\0").includes(`worktree ${worktree}`);
}

/** A name in the bundle, as it is called in the receiver's repository. */
export function refFor(id: string, name: string): string {
  return name.replace("refs/claude-spread/", `refs/claude-spread/${id}/`);
}
