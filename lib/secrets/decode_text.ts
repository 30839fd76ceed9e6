/**
 * Bytes of any file as a text that can be searched.
 *
 * @module
 */

/** Bytes that are searched: the first ones of a longer file. */
export const MAX_SEARCHED_BYTES = 16 * 1024 * 1024;

/** Bytes at the beginning of a file that show whether it is binary. */
const HEAD_BYTES = 8000;

/** Largest share of control characters at the beginning of a binary file that counts as a text. */
const MAX_CONTROLS = 0.05;

/** Length of the shortest text that is found in other binary files, in characters of ASCII. */
const MIN_RUN_LENGTH = 6;

/** The text of a file, and whether the file may be binary. */
export interface DecodedText {
  /**
   * U+FFFD stands for bytes that are not text; NUL stays, and hides nothing from the search. For a
   * file that is hardly text, only the texts in it, each on its line.
   */
  text: string;
  /** Whether NUL is at the beginning. */
  isBinary: boolean;
}

/**
 * Decodes UTF-8; or UTF-16 with a mark at its beginning, as PowerShell writes it.
 *
 * @param bytes Overwritten where they are hardly text: a copy would cost memory.
 */
export function decodeText(bytes: Uint8Array<ArrayBuffer>): DecodedText {
  const encoding = encodingOf(bytes);
  const head = bytes.subarray(0, HEAD_BYTES);
  const isBinary = encoding === "utf-8" && head.includes(0);
  const isText = !isBinary ||
    head.filter(isControl).length <= head.length * MAX_CONTROLS;
  const decoder = new TextDecoder(encoding);
  return { text: decoder.decode(isText ? bytes : textsIn(bytes)), isBinary };
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

function isControl(byte: number): boolean {
  return byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d;
}

/**
 * Moves the texts in data to its beginning, and returns that part. The data as a whole would take
 * many times the memory and time.
 */
function textsIn(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let length = 0;
  /** Start of the last text, in what is returned. */
  let start = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte >= 0x20 && byte < 0x7f || byte === 0x09) bytes[length++] = byte;
    else if (byte !== 0) {
      const isShort = length - start < MIN_RUN_LENGTH;
      if (isShort) length = start;
      if (byte === 0x0a) bytes[length++] = byte;
      else if (!isShort) bytes[length++] = 0x20;
      start = length;
    }
  }
  return bytes.subarray(0, length);
}
