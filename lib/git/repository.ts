/**
 * The git repository of a project, read without trusting it: a project that came with its
 * `.git` must neither start a program nor lead git to the files of another folder.
 *
 * @module
 */

import type { StartedGit, StartGit } from "./git.ts";

/** Starts git in one repository. */
export type GitHere<Git extends StartedGit = StartedGit> = (
  ...args: string[]
) => Git;

/** A repository that can be read. */
export interface Repository<Git extends StartedGit = StartedGit> {
  git: GitHere<Git>;
  /** Starts git in it with further variables. */
  gitWith(env: Record<string, string>): GitHere<Git>;
  /** Root of the work tree. */
  root: string;
  /** The folder in which git keeps it, or what one work tree adds to it. */
  path: string;
  /** The folder of the whole repository; the same unless `path` is that of a work tree. */
  common: string;
  /** Whether it holds only the newest part of its history. */
  isShallow: boolean;
  /** Whether objects are named by SHA-256. */
  isSha256: boolean;
}

/**
 * Settings that would start a program, whatever the repository says. Git takes what the
 * command line says before all settings, those of included files too. Filters have names of their
 * own: `filters.ts` turns them off.
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
export async function openRepository<Git extends StartedGit>(
  folder: string,
  startGit: StartGit<Git>,
): Promise<Repository<Git> | null> {
  const gitFolder = await gitFolderOf(folder, startGit);
  if (gitFolder === null) return null;
  const root = await rootOf(gitFolder, startGit);
  if (root === null || await isLink(`${gitFolder.path}/index`)) return null;
  const gitWith = (env: Record<string, string>): GitHere<Git> => (...args) =>
    startGit([
      "-C",
      folder,
      `--git-dir=${gitFolder.path}`,
      `--work-tree=${root}`,
      "--no-pager",
      "--no-optional-locks",
      ...NO_PROGRAMS,
      ...args,
    ], env);
  const { path, common, isShallow, isSha256 } = gitFolder;
  const git = gitWith({});
  return { git, gitWith, root, path, common, isShallow, isSha256 };
}

/** The same repository, with git started at the root of the work tree. */
export function atRoot<Git extends StartedGit>(
  repository: Repository<Git>,
): Repository<Git> {
  const { root, git, gitWith } = repository;
  return {
    ...repository,
    git: (...args) => git("-C", root, ...args),
    gitWith: (env) => (...args) => gitWith(env)("-C", root, ...args),
  };
}

/**
 * The folder in which git keeps a repository, or what one work tree adds to it. Git names real
 * paths, with `/` on Windows too; so they are compared as they are, without a library for paths,
 * which takes longer to load than git takes to answer.
 */
interface GitFolder {
  path: string;
  /** The folder of the whole repository; the same unless it is that of a work tree. */
  common: string;
  /** The folder of which git was asked. */
  from: string;
  isShallow: boolean;
  isSha256: boolean;
}

async function gitFolderOf(
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
    "--show-object-format",
  ]).answer();
  const [path, common, from, isShallow, format] = answer?.split(/\r?\n/) ??
    [];
  if (!path || !common || !from) return null;
  return {
    path,
    common: absolute(common, from),
    from,
    isShallow: isShallow === "true",
    isSha256: format === "sha256",
  };
}

/**
 * The root of the work tree that a folder is in. It must hold the git folder, or be named by
 * it: a `.git` that leads elsewhere would have us tell of another repository.
 */
async function rootOf(
  gitFolder: GitFolder,
  startGit: StartGit,
): Promise<string | null> {
  const { path, common, from } = gitFolder;
  const around = folderOf(path);
  if (common === path) {
    const isOwn = path.endsWith("/.git") && isInside(from, around);
    return isOwn ? around : await rootOfSubmodule(gitFolder, startGit);
  }
  if (around !== `${common}/worktrees`) return null;
  return await rootOfWorktree(gitFolder, startGit);
}

/** A submodule's settings name its root, from which git must find them again. */
async function rootOfSubmodule(
  { path, from }: GitFolder,
  startGit: StartGit,
): Promise<string | null> {
  const named = await startGit([
    `--git-dir=${path}`,
    "config",
    "--local",
    "--no-includes",
    "--get",
    "core.worktree",
  ]).answer();
  if (!named) return null;
  const root = named.replace(/\r?\n$/, "");
  const found = await gitFolderOf(
    isAbsolute(root) ? root : `${path}/${root}`,
    startGit,
  );
  if (found?.path !== path) return null;
  return isInside(from, found.from) ? found.from : null;
}

/** A repository lists the roots of its work trees; one of them leads to this git folder. */
async function rootOfWorktree(
  { path, common, from }: GitFolder,
  startGit: StartGit,
): Promise<string | null> {
  const listed = await startGit([
    `--git-dir=${common}`,
    ...NO_PROGRAMS,
    "worktree",
    "list",
    "--porcelain",
  ]).answer();
  for (const line of listed?.split(/\r?\n/) ?? []) {
    const root = /^worktree (.+)$/.exec(line)?.[1];
    if (!root || !isInside(from, root)) continue;
    // Git has said where the folder that it was asked of leads.
    if (root === from) return root;
    if ((await gitFolderOf(root, startGit))?.path === path) return root;
  }
  return null;
}

function isAbsolute(path: string): boolean {
  return /^(?:[a-z]:)?\//i.test(path);
}

/** Makes a path absolute that git has named from a folder; it leads up, or to a file in there. */
function absolute(path: string, from: string): string {
  if (isAbsolute(path)) return path;
  return path.startsWith("../")
    ? absolute(path.slice("../".length), folderOf(from))
    : `${from.replace(/\/$/, "")}/${path}`;
}

/** The folder around a path; the root of a disk keeps its `/`. */
function folderOf(path: string): string {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return folder.includes("/") ? folder : `${folder}/`;
}

/** Whether a path is a folder, or in it. */
function isInside(path: string, folder: string): boolean {
  return path === folder ||
    path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
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
