/**
 * The part of a file in which secrets are searched for: the beginning of a long one, and nothing of
 * binary data.
 *
 * @module
 */

/** Bytes that are searched: the first ones of a longer file. */
export const MAX_SEARCHED_BYTES = 16 * 1024 * 1024;

/** Bytes at the beginning of a file that show whether it is binary. */
const HEAD_BYTES = 8000;

/** Whether a file that begins with these bytes is binary data: a text holds no NUL. */
export function isBinary(start: Uint8Array): boolean {
  return start.subarray(0, HEAD_BYTES).includes(0);
}
