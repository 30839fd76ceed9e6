/**
 * Files of a folder before a change: their hashes, and obstacles in the way.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { isMissing, SpreadError } from "../../errors.ts";
import { findObstacle } from "../../files/obstacles.ts";

/** The change of one file. */
export interface FileChange {
  /** A safe name (`safe_name.ts`). */
  name: string;
  /** SHA-256 of its present content; `null` when the file must not exist. */
  before: string | null;
  /** Its new content; `null` to remove it. */
  content: Uint8Array | null;
}

/** SHA-256 in hex. */
export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Refuses a file with an obstacle in its place, such as a link.
 *
 * @throws {SpreadError} `MEMORY_UNUSABLE`.
 */
export async function requireFreeWay(
  folder: string,
  name: string,
): Promise<void> {
  const obstacle = await findObstacle(folder, name);
  if (obstacle !== null) throw inTheWay(obstacle.at, obstacle.obstacle);
}

/** Requires a real folder: a link would lead staged and removed files elsewhere. */
export async function requireFolder(path: string): Promise<void> {
  const { isDirectory, isSymlink } = await Deno.lstat(path);
  if (isSymlink || !isDirectory) {
    throw inTheWay(path, isSymlink ? "link" : "not a folder");
  }
}

/** SHA-256 of a file, or `null` when it does not exist. */
export async function hashOfFile(path: string): Promise<string | null> {
  try {
    return hashOf(await Deno.readFile(path));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export async function modeOf(path: string): Promise<number | undefined> {
  try {
    const { mode } = await Deno.stat(path);
    return mode === null ? undefined : mode & 0o777;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function inTheWay(path: string, obstacle: string): SpreadError {
  return new SpreadError(
    "MEMORY_UNUSABLE",
    `Cannot write to "${path}": it is ${
      obstacle === "link" ? "a link" : obstacle
    }`,
    "Move it away, then try again; nothing was written",
  );
}

export function changedMeanwhile(name: string): SpreadError {
  return new SpreadError(
    "MEMORY_UNUSABLE",
    `Cannot change the memory: "${name}" was edited at the same time`,
    "Try again; nothing was written",
  );
}
