/**
 * The git branch of a folder, as Claude Code writes it with each message.
 *
 * Read from files, without running git.
 *
 * @module
 */

import { dirname, join, resolve } from "@std/path";

/** The branch that Claude Code writes where there is none. */
const NO_BRANCH = "HEAD";

/** Largest file read, in bytes. */
const MAX_BYTES = 64 * 1024;

/** The branch that is checked out in `folder` or a folder above it. */
export async function gitBranch(folder: string): Promise<string> {
  for (let at = folder;; at = dirname(at)) {
    const git = join(at, ".git");
    const head = await readSmall(join(git, "HEAD")) ??
      await headOfWorktree(at, await readSmall(git));
    if (head !== null) {
      return /^ref: refs\/heads\/(.+)$/.exec(head)?.[1] ?? NO_BRANCH;
    }
    if (dirname(at) === at) return NO_BRANCH;
  }
}

/** Reads the HEAD of a worktree: its `.git` is a file that points to it. */
async function headOfWorktree(
  folder: string,
  link: string | null,
): Promise<string | null> {
  const path = /^gitdir: (.+)$/.exec(link ?? "")?.[1];
  return path === undefined
    ? null
    : await readSmall(join(resolve(folder, path), "HEAD"));
}

async function readSmall(path: string): Promise<string | null> {
  try {
    const { size, isFile } = await Deno.stat(path);
    if (!isFile || size > MAX_BYTES) return null;
    return (await Deno.readTextFile(path)).trim();
  } catch {
    return null;
  }
}
