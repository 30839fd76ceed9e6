/**
 * Small text files in a project's folder, which anyone may have put there.
 *
 * @module
 */

import { decodeText } from "../decode_text.ts";

/**
 * Reads the beginning of a plain file, or of one that a link leads to.
 *
 * @param maxBytes Most bytes that are read.
 * @returns The text, as {@linkcode decodeText} decodes it, and whether it is the whole file.
 * @throws {RangeError} When it is not a plain file.
 * @throws The system's error when it cannot be read.
 */
export async function readPlainFile(
  path: string,
  maxBytes: number,
): Promise<{ text: string; isWhole: boolean }> {
  // A device or pipe is never opened: that alone could wait for ever.
  const { isFile } = await Deno.stat(path);
  if (!isFile) throw new RangeError("it is not a file");
  using file = await Deno.open(path);
  // Not by its size: some files of the system say that they are empty, and are not.
  const bytes = new Uint8Array(maxBytes + 1);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  const { text } = decodeText(bytes.subarray(0, Math.min(length, maxBytes)));
  return { text, isWhole: length <= maxBytes };
}
