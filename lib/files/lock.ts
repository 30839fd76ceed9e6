/**
 * Locks against two commands that change one folder at once.
 *
 * @module
 */

import { isMissing, SpreadError } from "../errors.ts";

/** Attempts to take a lock whose file its holders remove; each lost one needs another holder. */
export const MAX_LOCK_ATTEMPTS = 100;

/**
 * Takes a lock; closing the file releases it.
 *
 * @param path Path of the lock's file, created if it is missing; the holder may remove it.
 * @param folder The locked folder, for the error.
 * @returns `null` when the lock was removed between our opening and locking it: try again,
 *   up to {@linkcode MAX_LOCK_ATTEMPTS} times.
 * @throws {SpreadError} `MEMORY_BUSY` when another process holds it; the system's error.
 */
export async function takeLock(
  path: string,
  folder: string,
): Promise<Deno.FsFile | null> {
  const file = await Deno.open(path, {
    read: true,
    write: true,
    create: true,
    mode: 0o600,
  }).catch(nullIfMissing);
  if (file === null) return null;
  try {
    if (!await file.tryLock(true)) throw busy(folder);
    // Deno asks for permission of the real path here, even if only a link to it is granted.
    const { ino } = await file.stat();
    const there = await Deno.stat(path).catch(nullIfMissing);
    if (there?.ino === ino) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return null;
}

/** Only a file that is gone counts as gone: any other error would come again. */
function nullIfMissing(error: unknown): null {
  if (isMissing(error)) return null;
  throw error;
}

/** Error for a lock that another process holds, or takes each time. */
export function busy(folder: string): SpreadError {
  return new SpreadError(
    "MEMORY_BUSY",
    `Cannot change the memory in "${folder}": another command is changing it`,
    "Wait for it to end, then try again",
  );
}
