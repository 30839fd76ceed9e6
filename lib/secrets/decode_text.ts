/**
 * Bytes of any file as a text that can be searched.
 *
 * @module
 */

/** Bytes that are searched: the first ones of a longer file. */
export const MAX_SEARCHED_BYTES = 16 * 1024 * 1024;

/** Bytes at the beginning of a file that show whether it is binary. */
const HEAD_BYTES = 8000;

/** A text, and whether it may be none. */
export interface DecodedText {
  /** Bytes that are not text are U+FFFD; NUL stays, and hides nothing from the search. */
  text: string;
  isBinary: boolean;
}

/** Decodes UTF-8; or UTF-16 with a mark at its beginning, as PowerShell writes it. */
export function decodeText(bytes: Uint8Array<ArrayBuffer>): DecodedText {
  const encoding = encodingOf(bytes);
  return {
    text: new TextDecoder(encoding).decode(bytes),
    isBinary: encoding === "utf-8" && bytes.subarray(0, HEAD_BYTES).includes(0),
  };
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}
