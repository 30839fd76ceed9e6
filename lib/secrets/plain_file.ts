/**
 * Small text files in a project's folder, which anyone may have put there.
 *
 * @module
 */

/**
 * Reads a plain file, or one that a link leads to; bytes that are not UTF-8 become U+FFFD.
 *
 * @throws {RangeError} When it is not a plain file, or has more than `maxBytes`.
 * @throws The system's error when it cannot be read.
 */
export async function readPlainFile(
  path: string,
  maxBytes: number,
): Promise<string> {
  // A device or pipe is never opened: that alone could wait for ever.
  const { isFile, size } = await Deno.stat(path);
  if (!isFile) throw new RangeError("it is not a file");
  if (size > maxBytes) throw new RangeError("it is too large");
  using file = await Deno.open(path);
  const bytes = new Uint8Array(maxBytes + 1);
  let length = 0;
  // The size of some files, such as those of the system, is not the one that it says.
  while (length <= maxBytes) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  if (length > maxBytes) throw new RangeError("it is too large");
  return new TextDecoder().decode(bytes.subarray(0, length));
}
