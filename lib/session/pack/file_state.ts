/**
 * The state of a file, which changes whenever its contents do.
 *
 * @module
 */

import { cannotReadSession } from "./unreadable.ts";

/** Facts that differ once a file was written or replaced. */
export interface FileState {
  /** Size in bytes. */
  size: number;
  /** Time of the last change, in milliseconds. */
  changed: number;
  /** Number of the file; another one has its place when it differs. */
  file: number | null;
}

/** @throws {SpreadError} `PAYLOAD_UNREADABLE`. */
export function stateOf(path: string): FileState {
  try {
    const { size, mtime, ino } = Deno.statSync(path);
    return { size, changed: mtime?.getTime() ?? 0, file: ino };
  } catch (cause) {
    throw cannotReadSession(path, cause);
  }
}

/** Whether a file is as it was. */
export function isSame(before: FileState, after: FileState): boolean {
  return before.size === after.size && before.changed === after.changed &&
    before.file === after.file;
}
