/**
 * Puts a finished file in its place: whole or not at all, and never over another one.
 *
 * Synchronous except for copies: an asynchronous call goes through another thread, and the
 * user waits.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import { cannotStore } from "../cannot_store.ts";

/**
 * Refuses a path where no file can be put, before anything is transferred.
 *
 * @throws {SpreadError} `CANNOT_STORE` when `output` exists, or its folder does not exist
 *   or is not writable.
 */
export function checkPlace(output: string): void {
  if (exists(output)) throw taken(output);
  const probe = temporaryBeside(output);
  try {
    Deno.openSync(probe, { write: true, createNew: true, mode: 0o600 }).close();
    Deno.removeSync(probe);
  } catch (cause) {
    throw notWritable(output, cause);
  }
}

/**
 * Moves `path` to `output`.
 *
 * @throws {SpreadError} `CANNOT_STORE` when `output` exists or cannot be written; `path`
 *   then stays.
 */
export async function placeFile(path: string, output: string): Promise<void> {
  try {
    if (!tryLink(path, output)) await copyInto(path, output);
  } catch (cause) {
    throw cause instanceof Deno.errors.AlreadyExists
      ? taken(output)
      : notWritable(output, cause);
  }
  Deno.removeSync(path);
}

/** Makes a hard link, which is atomic and never overwrites; not every file system has them. */
function tryLink(path: string, output: string): boolean {
  try {
    Deno.linkSync(path, output);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw error;
    return false;
  }
}

/** Copies to another name first, so that a crash leaves nothing half-written at `output`. */
async function copyInto(path: string, output: string): Promise<void> {
  const temporary = temporaryBeside(output);
  try {
    await Deno.copyFile(path, temporary);
    await Deno.chmod(temporary, 0o600).catch(() => {});
    if (!tryLink(temporary, output)) {
      if (exists(output)) throw new Deno.errors.AlreadyExists(output);
      await Deno.rename(temporary, output);
      return;
    }
  } finally {
    await Deno.remove(temporary).catch(() => {});
  }
}

/** @throws {SpreadError} `CANNOT_STORE` when the system cannot tell, as with too long a name. */
function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw notWritable(path, error);
  }
}

/** A name in the same folder, of bounded length, for a file that is not finished. */
export function temporaryBeside(output: string): string {
  const folder = output.slice(
    0,
    output.length - output.split(/[\\/]/).at(-1)!.length,
  );
  return `${folder}.claude-spread-${crypto.randomUUID()}.part`;
}

function taken(output: string): SpreadError {
  return new SpreadError(
    "CANNOT_STORE",
    `Cannot write to "${output}": it exists already`,
    "Choose another name, or move that file away",
  );
}

function notWritable(output: string, cause: unknown): SpreadError {
  return cannotStore(output, cause, {
    why: "its folder is missing or not writable",
    hint: "Choose another --output",
  });
}
