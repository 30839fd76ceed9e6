/**
 * Locks against two commands that change one folder at once.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";

/**
 * Takes a lock; closing the file releases it.
 *
 * @param path Path of the lock's file, created if it is missing; the holder may remove it.
 * @param folder The locked folder, for the error.
 * @returns `null` when the lock was removed between our opening and locking it: try again.
 * @throws {SpreadError} `MEMORY_BUSY` when another process holds it.
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
  }).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  });
  if (file === null) return null;
  try {
    if (!await file.tryLock(true)) throw busy(folder);
    const there = await Deno.stat(path).catch(() => null);
    if (there !== null && there.ino === (await file.stat()).ino) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  file.close();
  return null;
}

function busy(folder: string): SpreadError {
  return new SpreadError(
    "MEMORY_BUSY",
    `Cannot change the memory in "${folder}": another command is changing it`,
    "Wait for it to end, then try again",
  );
}
