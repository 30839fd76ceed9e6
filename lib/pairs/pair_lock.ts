/**
 * The lock of the folder of pairs. Every command that changes a pair takes it, then reads the
 * pairs, then writes. So names stay unique, and a pair that is forgotten does not come back.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";
import { cannotStore } from "../files/cannot_store.ts";
import { pause } from "../waiting.ts";

/** Pause between two attempts, in milliseconds, and their number: a change takes milliseconds. */
const PAUSE_MS = 20;
const MAX_ATTEMPTS = 500;

/**
 * Runs a change while no other command changes a pair.
 *
 * @param folder Folder of the pairs; created if it is missing.
 * @throws {SpreadError} `CANNOT_STORE` when the lock cannot be had; the errors of the change.
 */
export async function changePairs<T>(
  folder: string,
  change: () => Promise<T>,
): Promise<T> {
  using file = await openLock(folder);
  const { signal } = new AbortController();
  for (let attempt = 0; !file.tryLockSync(true); attempt++) {
    if (attempt === MAX_ATTEMPTS) throw held(folder);
    await pause(PAUSE_MS, signal);
  }
  return await change();
}

/** Opens the lock's file, which stays: closing it releases the lock. */
async function openLock(folder: string): Promise<Deno.FsFile> {
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const options = { read: true, write: true, create: true, mode: 0o600 };
    return await Deno.open(`${folder}/lock`, options);
  } catch (cause) {
    throw cannotStore(folder, cause);
  }
}

function held(folder: string): SpreadError {
  return new SpreadError(
    "CANNOT_STORE",
    `Cannot change the pairs in "${folder}": another command is changing them`,
    "Wait for it to end, then try again",
  );
}
