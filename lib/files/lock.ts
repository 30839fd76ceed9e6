/**
 * Locks against two commands that change one folder, or receive one file, at once.
 *
 * Whoever holds a lock may remove its file. A lock on a file that is gone protects nothing,
 * so it is taken anew, but not for ever.
 *
 * @module
 */

import { isMissing, SpreadError } from "../errors.ts";

/** Most attempts to take a lock; one fails only if another holder removes the lock meanwhile. */
export const MAX_LOCK_ATTEMPTS = 100;

/**
 * Locks an open file: `taken` when another process holds it, `gone` when its holder has
 * removed it between our opening and locking it. Unless it is `locked`, the caller closes it.
 *
 * @throws The system's error; the file is closed then. Deno asks for permission of the real
 *   path of an open file, even if only a link to it is permitted.
 */
export function lockOpenFile(
  file: Deno.FsFile,
  path: string,
): "locked" | "taken" | "gone" {
  try {
    if (!file.tryLockSync(true)) return "taken";
    const { ino } = file.statSync();
    return inodeAt(path) === ino ? "locked" : "gone";
  } catch (error) {
    file.close();
    throw error;
  }
}

/** The inode of a file; `undefined` when there is no file, and only then. */
function inodeAt(path: string): number | null | undefined {
  try {
    return Deno.statSync(path).ino;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Takes the lock of a folder; closing the file releases it.
 *
 * @param path Path of the lock's file, created if it is missing.
 * @param folder The locked folder, for the error.
 * @returns `null` when the lock, or its folder, was removed meanwhile: make the folder and try
 *   again, up to {@linkcode MAX_LOCK_ATTEMPTS} times.
 * @throws {SpreadError} `MEMORY_BUSY` when another process holds it; the system's error.
 */
export function takeLock(path: string, folder: string): Deno.FsFile | null {
  const file = openIfPossible(path);
  if (file === null) return null;
  const state = lockOpenFile(file, path);
  if (state === "locked") return file;
  file.close();
  if (state === "taken") throw busy(folder);
  return null;
}

/** Opens or creates a lock's file; `null` when its folder is missing. */
function openIfPossible(path: string): Deno.FsFile | null {
  const options = { read: true, write: true, create: true, mode: 0o600 };
  try {
    return Deno.openSync(path, options);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Error for a lock that another process holds, or takes each time. */
export function busy(folder: string): SpreadError {
  return new SpreadError(
    "MEMORY_BUSY",
    `Cannot change the memory in "${folder}": another command is changing it`,
    "Wait for it to end, then try again",
  );
}
