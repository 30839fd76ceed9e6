/**
 * The root of a work tree, wherever its git folder is: submodules and work trees of git have it
 * in another repository, which must know of them.
 *
 * @module
 */

import { basename, dirname, relative, resolve } from "@std/path";
import type { StartGit } from "./git.ts";
import { type GitFolder, gitFolderOf, NO_PROGRAMS } from "./repository.ts";

/**
 * The root of the work tree that belongs to a git folder. It must hold that folder, or be named by
 * it: a `.git` that leads elsewhere would have us tell of another repository.
 */
export async function rootOf(
  found: GitFolder,
  startGit: StartGit,
): Promise<string | null> {
  const gitFolder = resolved(found);
  const { path, common, from } = gitFolder;
  const around = dirname(path);
  if (common === path) {
    const isOwn = basename(path) === ".git" && isInside(from, around);
    return isOwn ? around : await rootOfSubmodule(gitFolder, startGit);
  }
  if (basename(around) !== "worktrees" || dirname(around) !== common) {
    return null;
  }
  return await rootOfWorktree(gitFolder, startGit);
}

function resolved({ path, common, from, ...rest }: GitFolder): GitFolder {
  return {
    ...rest,
    path: resolve(path),
    common: resolve(from, common),
    from: resolve(from),
  };
}

/** A submodule's settings name its root, from which git must find them again. */
async function rootOfSubmodule(
  gitFolder: GitFolder,
  startGit: StartGit,
): Promise<string | null> {
  const { path } = gitFolder;
  const named = await startGit([
    `--git-dir=${path}`,
    "config",
    "--local",
    "--no-includes",
    "--get",
    "core.worktree",
  ]).answer();
  if (!named) return null;
  const root = resolve(path, named.replace(/\r?\n$/, ""));
  return await isRoot(root, gitFolder, startGit) ? root : null;
}

/** A repository lists the roots of its work trees; one of them leads to this git folder. */
async function rootOfWorktree(
  gitFolder: GitFolder,
  startGit: StartGit,
): Promise<string | null> {
  const listed = await startGit([
    `--git-dir=${gitFolder.common}`,
    ...NO_PROGRAMS,
    "worktree",
    "list",
    "--porcelain",
  ]).answer();
  for (const line of listed?.split(/\r?\n/) ?? []) {
    const root = /^worktree (.+)$/.exec(line)?.[1];
    if (root && await isRoot(resolve(root), gitFolder, startGit)) {
      return resolve(root);
    }
  }
  return null;
}

async function isRoot(
  root: string,
  { path, from }: GitFolder,
  startGit: StartGit,
): Promise<boolean> {
  if (!isInside(from, root)) return false;
  const found = await gitFolderOf(root, startGit);
  return found !== null && resolved(found).path === path;
}

/** Whether a path is a folder, or in it. */
function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !/^(?:\.\.[/\\]|[a-z]:)/i.test(way);
}
