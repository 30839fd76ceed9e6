/**
 * Facts about a project that nobody should have to remember or invent: read from git.
 *
 * @module
 */

import { cleanLine } from "../text/clean_text.ts";
import type { StartGit } from "../git/git.ts";
import { filtersOff } from "../git/filters.ts";
import { type GitHere, openRepository } from "../git/repository.ts";

/** State of a git checkout; anything git does not report is absent. */
export interface GitFacts {
  branch?: string;
  /** Full hash. */
  commit?: string;
  /** Address of `origin`, without any user name or token in it. */
  remote?: string;
}

/** Facts about a project. */
export interface ProjectFacts {
  /** Name of its folder. */
  project: string;
  git?: GitFacts;
  /** Files in the folder with uncommitted changes, each with git's two status letters. */
  changedFiles: string[];
}

/** The facts of the project in `folder` without git: only its name. */
export function factsWithoutGit(folder: string): ProjectFacts {
  const name = folder.split(/[\\/]/).findLast((part) => part !== "") ?? folder;
  return { project: cleanLine(name, 255), changedFiles: [] };
}

/**
 * Reads the facts of the project in `folder`.
 *
 * @throws {Deno.errors.TimedOut} When git does not answer in time.
 */
export async function readProjectFacts(
  folder: string,
  startGit: StartGit,
): Promise<ProjectFacts> {
  const withoutGit = factsWithoutGit(folder);
  const repository = await openRepository(folder, startGit);
  if (repository === null) return withoutGit;
  const { git } = repository;
  const [branch, commit, remote, status] = await Promise.all([
    git("symbolic-ref", "--short", "-q", "HEAD").answer(),
    git("rev-parse", "--verify", "-q", "HEAD").answer(),
    // Not `remote get-url`: an included file may be of another repository.
    git("config", "--local", "--no-includes", "--get", "remote.origin.url")
      .answer(),
    readStatus(git),
  ]);
  if (status === null) return withoutGit;
  return {
    ...withoutGit,
    git: {
      branch: orAbsent(branch && cleanLine(branch, 255)),
      commit: orAbsent(commit?.trim()),
      remote: orAbsent(remote && withoutCredentials(cleanLine(remote, 1024))),
    },
    changedFiles: parseStatus(status),
  };
}

/** Reads the status, with the repository's filters turned off. */
async function readStatus(
  git: GitHere,
): Promise<string | null> {
  const without = await filtersOff(git, ["--local", "--worktree"]);
  if (without === null) return null;
  return await git(
    ...without,
    "status",
    "--porcelain=v1",
    "-z",
    "--untracked-files=all",
    "--ignore-submodules=dirty",
    // Of a larger repository, only what is in the project's folder.
    "--",
    ".",
  ).answer();
}

/** Turns an empty answer of git into an absent field. */
function orAbsent(text: string | null | undefined): string | undefined {
  return text || undefined;
}

/** Entries of `git status -z`; a renamed file is followed by its old name. */
function parseStatus(status: string): string[] {
  const fields = status.split("\0").filter((field) => field !== "");
  const files: string[] = [];
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i]!;
    files.push(field.slice(0, 3) + cleanLine(field.slice(3), 255));
    if (/^(R|C|.R|.C)/.test(field.slice(0, 2))) i++;
  }
  return files;
}

/** A remote's address without user name, password or token. */
export function withoutCredentials(remote: string): string {
  return remote.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/]*@/gi, "$1");
}
