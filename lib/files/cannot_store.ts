/**
 * Error for a file that cannot be written.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";

/**
 * `CANNOT_STORE` for `path`, with a message of its own for a full disk.
 *
 * @param otherwise Message and hint when the disk is not full.
 */
export function cannotStore(
  path: string,
  cause: unknown,
  otherwise = {
    why: "it is not writable",
    hint: "Check the folder and its permissions",
  },
): SpreadError {
  const isFull = cause instanceof Error && "code" in cause &&
    cause.code === "ENOSPC";
  const { why, hint } = isFull
    ? { why: "the disk is full", hint: "Make room, then try again" }
    : otherwise;
  return new SpreadError(
    "CANNOT_STORE",
    `Cannot write to "${path}": ${why}`,
    hint,
    { cause },
  );
}
