/**
 * The project of a working folder, as Claude Code finds it.
 *
 * Transcripts belong to the working folder, memory to the project's root: the main
 * repository for its subfolders and worktrees. This follows Claude Code's own reading of
 * the file system: it does not run git, and git's variables do not count.
 *
 * @module
 */

import { basename, dirname, isAbsolute, join, resolve } from "@std/path";
import { isMissing, SpreadError, systemReason } from "../errors.ts";
import {
  configFolder,
  givenProjectName,
  projectName,
  type Surroundings,
} from "./config_folder.ts";

/** Largest `.git`, `commondir` or `gitdir` file read, in bytes. */
const MAX_LINK_FILE_BYTES = 64 * 1024;

/** A project as Claude Code sees it; all paths are real and absolute. */
export interface ProjectFolders {
  /** The working folder. */
  cwd: string;
  /** The root to which memory belongs. */
  root: string;
  /** Folder for transcripts of sessions in `cwd`; may not exist yet. */
  transcripts: string;
  /** Folder for memory by default (see `memory_folder.ts`); may not exist yet. */
  memory: string;
}

/**
 * Finds the folders of the project in `surroundings.cwd`.
 *
 * @throws {SpreadError} `USAGE` when the folder does not exist.
 */
export async function projectFolders(
  surroundings: Surroundings,
): Promise<ProjectFolders> {
  const { cwd, transcripts } = await sessionFolders(surroundings);
  const root = await projectRoot(cwd);
  const name = givenProjectName(surroundings) ?? projectName(root);
  const memory = join(projectsFolder(surroundings), name, "memory");
  return { cwd, root, transcripts, memory };
}

/**
 * The working folder, and the folder for transcripts of its sessions, which may not exist
 * yet. Looks at nothing but the working folder.
 *
 * @throws {SpreadError} `USAGE` when the working folder does not exist.
 */
export async function sessionFolders(
  surroundings: Surroundings,
): Promise<Pick<ProjectFolders, "cwd" | "transcripts">> {
  const cwd = await realFolder(surroundings.cwd);
  const name = givenProjectName(surroundings) ?? projectName(cwd);
  return { cwd, transcripts: join(projectsFolder(surroundings), name) };
}

/** The folder of all projects. */
export function projectsFolder(surroundings: Surroundings): string {
  return join(configFolder(surroundings), "projects");
}

async function realFolder(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (cause) {
    throw noProjectFolder(path, cause);
  }
}

/**
 * The root of the project of `cwd`.
 *
 * @param cwd A real path.
 * @returns The root of its checkout, or for a worktree the main repository's.
 */
export async function projectRoot(cwd: string): Promise<string> {
  const root = await checkoutRoot(cwd);
  const git = await stat(join(root, ".git"));
  return git?.isFile ? await mainRepository(root) ?? root : root;
}

/**
 * The root of the checkout that holds `cwd`.
 *
 * @param cwd A real path.
 * @returns The nearest folder upwards that has a `.git`; `cwd` itself when there is none.
 */
export async function checkoutRoot(cwd: string): Promise<string> {
  for (let folder = cwd;; folder = dirname(folder)) {
    const git = await stat(join(folder, ".git"));
    if (git?.isDirectory || git?.isFile) return folder;
    if (dirname(folder) === folder) return cwd;
  }
}

/**
 * The main repository of the worktree in `root`, or `null` when the repository does not
 * link back: the author of a `.git` file must not choose whose memory the project shares.
 */
async function mainRepository(root: string): Promise<string | null> {
  const link = await readLink(join(root, ".git"));
  if (!link?.startsWith("gitdir:")) return null;
  const gitFolder = resolve(root, link.slice("gitdir:".length).trim());
  const commonLink = await readLink(join(gitFolder, "commondir"));
  const backLink = await readLink(join(gitFolder, "gitdir"));
  if (!commonLink || !backLink || !isAbsolute(backLink)) return null;
  const common = resolve(gitFolder, commonLink);
  if (dirname(gitFolder) !== join(common, "worktrees")) return null;
  if (await realPath(backLink) !== join(root, ".git")) return null;
  return basename(common) === ".git" ? dirname(common) : common;
}

/** The single line of a file that points elsewhere; `null` when it cannot be read. */
async function readLink(path: string): Promise<string | null> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_LINK_FILE_BYTES) return null;
    return (await Deno.readTextFile(path)).trim();
  } catch {
    return null;
  }
}

async function stat(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.stat(path);
  } catch {
    return null;
  }
}

async function realPath(path: string): Promise<string | null> {
  try {
    return await Deno.realPath(path);
  } catch {
    return null;
  }
}

/** Error for the folder of a project that is missing or cannot be used. */
export function noProjectFolder(path: string, cause: unknown): SpreadError {
  const reason = isMissing(cause) ? null : systemReason(cause);
  return new SpreadError(
    "USAGE",
    reason === null
      ? `There is no folder "${path}"`
      : `Cannot use the folder "${path}": ${reason.why}`,
    reason?.hint ?? "Check the folder of the project",
    { cause },
  );
}
