/**
 * The git repository of a project, read without trusting it: a project that came with its
 * `.git` must neither start a program nor lead git to the files of another folder.
 *
 * @module
 */

import type { StartedGit, StartGit } from "./git.ts";

/** Starts git in one repository. */
export type GitHere = (...args: string[]) => StartedGit;

/** A repository that can be read. */
export interface Repository {
  git: GitHere;
  /** Whether it holds only the newest part of its history. */
  isShallow: boolean;
}

/**
 * Settings that would start a program, whatever the repository says. Git takes what the
 * command line says before all settings, those of included files too. Filters have names,
 * which `project_facts.ts` turns off.
 */
export const NO_PROGRAMS = [
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
 *
 * @throws {Deno.errors.TimedOut} When git does not answer in time.
 */
export async function openRepository(
  folder: string,
  startGit: StartGit,
): Promise<Repository | null> {
  const gitFolder = await gitFolderOf(folder, startGit);
  if (gitFolder === null) return null;
  const root = plainRoot(gitFolder) ?? await findRoot(gitFolder, startGit);
  if (root === null || await isLink(`${gitFolder.path}/index`)) return null;
  const git: GitHere = (...args) =>
    startGit([
      "-C",
      folder,
      `--git-dir=${gitFolder.path}`,
      `--work-tree=${root}`,
      "--no-pager",
      "--no-optional-locks",
      ...NO_PROGRAMS,
      ...args,
    ]);
  return { git, isShallow: gitFolder.isShallow };
}

/** The folder in which git keeps a repository, or what one work tree adds to it. */
export interface GitFolder {
  /** Its real path, with `/` on Windows too. */
  path: string;
  /**
   * The folder of the whole repository, which may be relative; the same unless it is that of a
   * work tree.
   */
  common: string;
  /** The folder of which git was asked. */
  from: string;
  isShallow: boolean;
}

/** Asks git for the git folder of `folder`, in git's own words. */
export async function gitFolderOf(
  folder: string,
  startGit: StartGit,
): Promise<GitFolder | null> {
  const answer = await startGit([
    "-C",
    folder,
    // The folder itself, because `core.worktree` may lead anywhere; git knows its real path.
    "--work-tree=.",
    ...NO_PROGRAMS,
    "rev-parse",
    "--absolute-git-dir",
    "--git-common-dir",
    "--show-toplevel",
    "--is-shallow-repository",
  ]).answer();
  const [path, common, from, isShallow] = answer?.split(/\r?\n/) ?? [];
  if (!path || !common || !from) return null;
  return { path, common, from, isShallow: isShallow === "true" };
}

/** The root of a repository whose git folder is in it; `null` for any other. */
function plainRoot({ path, common, from }: GitFolder): string | null {
  const root = path.endsWith("/.git") ? path.slice(0, -"/.git".length) : "";
  const isWhole = common === path || common === ".git" && from === root;
  const isAround = from === root || from.startsWith(`${root}/`);
  return root.includes("/") && isWhole && isAround ? root : null;
}

/** The root of a work tree whose git folder is elsewhere, which takes modules that load slowly. */
async function findRoot(
  gitFolder: GitFolder,
  startGit: StartGit,
): Promise<string | null> {
  const { rootOf } = await import("./root.ts");
  return await rootOf(gitFolder, startGit);
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
