/**
 * The work trees of a repository, as git lists them.
 *
 * @module
 */

import type { StreamedGit } from "../../git/git.ts";
import type { GitHere } from "../../git/repository.ts";
import { decodeLines } from "../git_lines.ts";

/** A work tree. */
export interface Worktree {
  /** Its root, as git names it. */
  root: string;
  /** Hash of its commit; absent in a bare repository. */
  head?: string;
  /** Name of its branch; absent when none is checked out. */
  branch?: string;
  isLocked: boolean;
  /** Whether its folder is gone. */
  isGone: boolean;
}

/**
 * Lists all work trees of a repository.
 *
 * @throws {GitFailed} When git fails.
 */
export async function listWorktrees(
  git: GitHere<StreamedGit>,
): Promise<Worktree[]> {
  const output = git("worktree", "list", "--porcelain", "-z").output();
  const found: Worktree[] = [];
  for await (const field of decodeLines(output, "\0")) {
    const [word] = field.split(" ", 1);
    const value = field.slice(word!.length + 1);
    const last = found.at(-1)!;
    if (word === "worktree") {
      found.push({ root: value, isLocked: false, isGone: false });
    } else if (word === "HEAD") last.head = value;
    else if (word === "branch") last.branch = value.replace("refs/heads/", "");
    else if (word === "locked") last.isLocked = true;
    else if (word === "prunable") last.isGone = true;
  }
  return found;
}

/** Root of the work tree that has a branch, as git names it; `null` when none has. */
export async function findWorktree(
  git: GitHere<StreamedGit>,
  branch: string,
): Promise<string | null> {
  const all = await listWorktrees(git);
  return all.find((worktree) => worktree.branch === branch)?.root ?? null;
}
