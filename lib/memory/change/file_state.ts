/**
 * What is in a folder that is to be changed, and whether the way is free.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { SpreadError } from "../../errors.ts";
import { findObstacle, isMissing } from "../../files/obstacles.ts";

/** What becomes of one file. */
export interface FileChange {
  /** A safe name (`safe_name.ts`). */
  name: string;
  /** SHA-256 of what it must hold now; `null` when there must be none. */
  before: string | null;
  /** What it is to hold; `null` to remove it. */
  content: Uint8Array | null;
}

/** SHA-256 in hex. */
export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Refuses a file that cannot be put into a folder, because of a link or the like.
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

/** A link here would lead the staged files, and what is removed, elsewhere. */
export async function requireFolder(path: string): Promise<void> {
  const { isDirectory, isSymlink } = await Deno.lstat(path);
  if (isSymlink || !isDirectory) {
    throw inTheWay(path, isSymlink ? "link" : "not a folder");
  }
}

/** SHA-256 of a file, or `null` when there is none. */
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
    "Nothing was written; move it away, then try again",
  );
}

export function changedMeanwhile(name: string): SpreadError {
  return new SpreadError(
    "MEMORY_UNUSABLE",
    `Cannot go on: "${name}" was changed meanwhile`,
    "Nothing was written; try again",
  );
}
