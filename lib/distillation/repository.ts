/**
 * The git repository of a project, read without trusting it: a project that came with its
 * `.git` must neither start a program nor lead git to the files of another folder.
 *
 * @module
 */

import { basename, dirname, join, relative, resolve } from "@std/path";

/** Runs `git` with these arguments; returns its output, or `null` when it fails or is missing. */
export type RunGit = (args: string[]) => Promise<string | null>;

/** Runs git in one repository. */
export type GitHere = (...args: string[]) => Promise<string | null>;

/**
 * Settings that would start a program, whatever the repository says. Git takes what the
 * command line says before all settings, those of included files too. Filters have names,
 * which `project_facts.ts` turns off.
 */
const NO_PROGRAMS = [
  "core.fsmonitor=false",
  "core.hooksPath=/dev/null",
  "core.pager=cat",
  "diff.external=",
  "status.submoduleSummary=false",
].flatMap((setting) => ["-c", setting]);

/**
 * Finds the repository that `folder` belongs to; `null` when there is none, or when its
 * settings or links claim a folder that does not know of it.
 *
 * Git is told the repository and its root each time, so that `core.worktree` has no effect.
 */
export async function openRepository(
  folder: string,
  runGit: RunGit,
): Promise<GitHere | null> {
  const gitFolder = await gitFolderOf(folder, runGit);
  if (gitFolder === null) return null;
  const root = await rootOf(gitFolder, runGit);
  if (root === null || await isLink(join(gitFolder.path, "index"))) return null;
  return (...args) =>
    runGit([
      "-C",
      folder,
      `--git-dir=${gitFolder.path}`,
      `--work-tree=${root}`,
      "--no-pager",
      "--no-optional-locks",
      ...NO_PROGRAMS,
      ...args,
    ]);
}

/** The folder in which git keeps a repository, or what one work tree adds to it; real paths. */
interface GitFolder {
  path: string;
  /** The folder of the whole repository; the same unless it is that of a work tree. */
  common: string;
  /** The folder of which git was asked. */
  from: string;
}

async function gitFolderOf(
  folder: string,
  runGit: RunGit,
): Promise<GitFolder | null> {
  const answer = await runGit([
    "-C",
    folder,
    // The folder itself, because `core.worktree` may lead anywhere; git knows its real path.
    "--work-tree=.",
    ...NO_PROGRAMS,
    "rev-parse",
    "--absolute-git-dir",
    "--git-common-dir",
    "--show-toplevel",
  ]);
  const [path, common, from] = answer?.split(/\r?\n/) ?? [];
  if (!path || !common || !from) return null;
  return {
    path: resolve(path),
    common: resolve(from, common),
    from: resolve(from),
  };
}

/**
 * The root of the work tree that `folder` is in. It must hold the git folder, or be named by
 * it: a `.git` that leads elsewhere would have us tell of another repository.
 */
async function rootOf(
  gitFolder: GitFolder,
  runGit: RunGit,
): Promise<string | null> {
  const { path, common, from } = gitFolder;
  const around = dirname(path);
  if (common === path) {
    const isOwn = basename(path) === ".git" && isInside(from, around);
    return isOwn ? around : await rootOfSubmodule(gitFolder, runGit);
  }
  if (basename(around) !== "worktrees" || dirname(around) !== common) {
    return null;
  }
  return await rootOfWorktree(gitFolder, runGit);
}

/** A submodule's settings name its root, from which git must find them again. */
async function rootOfSubmodule(
  gitFolder: GitFolder,
  runGit: RunGit,
): Promise<string | null> {
  const { path } = gitFolder;
  const named = await runGit([
    `--git-dir=${path}`,
    "config",
    "--local",
    "--no-includes",
    "--get",
    "core.worktree",
  ]);
  if (!named) return null;
  const root = resolve(path, named.replace(/\r?\n$/, ""));
  return await isRoot(root, gitFolder, runGit) ? root : null;
}

/** A repository lists the roots of its work trees; one of them leads to this git folder. */
async function rootOfWorktree(
  gitFolder: GitFolder,
  runGit: RunGit,
): Promise<string | null> {
  const listed = await runGit([
    `--git-dir=${gitFolder.common}`,
    ...NO_PROGRAMS,
    "worktree",
    "list",
    "--porcelain",
  ]);
  for (const line of listed?.split(/\r?\n/) ?? []) {
    const root = /^worktree (.+)$/.exec(line)?.[1];
    if (root && await isRoot(resolve(root), gitFolder, runGit)) {
      return resolve(root);
    }
  }
  return null;
}

async function isRoot(
  root: string,
  { path, from }: GitFolder,
  runGit: RunGit,
): Promise<boolean> {
  if (!isInside(from, root)) return false;
  return (await gitFolderOf(root, runGit))?.path === path;
}

/** Whether a path is a folder, or in it. */
function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !/^(?:\.\.[/\\]|[a-z]:)/i.test(way);
}

/** Whether a file is a link, such as to the list of files of another repository. */
async function isLink(path: string): Promise<boolean> {
  try {
    return (await Deno.lstat(path)).isSymlink;
  } catch {
    // Missing, or above the project, where a link is as trusted as the folder around it.
    return false;
  }
}
