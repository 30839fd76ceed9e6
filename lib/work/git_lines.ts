/**
 * Output of git as lines, or as fields that end with NUL.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../bytes.ts";
import { TooMuch } from "./errors.ts";

/** Longest field, in UTF-16 units, or in bytes if it is not decoded. */
const MAX_FIELD_LENGTH = 1024 * 1024;

/**
 * Divides output at `end`; what follows the last one is a field, too. Bytes that are not UTF-8 are
 * U+FFFD.
 *
 * @throws {TooMuch} When a field is longer than 1 Mi characters; whatever the output throws.
 */
export async function* decodeLines(
  output: AsyncIterable<Bytes>,
  end: "\n" | "\0",
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of output) {
    const fields = (rest + decoder.decode(piece, { stream: true })).split(end);
    rest = fields.pop()!;
    yield* fields;
    checkLength(rest);
  }
  if (rest !== "") yield rest;
}

function checkLength({ length }: string | Bytes): void {
  if (length <= MAX_FIELD_LENGTH) return;
  throw new TooMuch("git names something that is longer than 1 MiB");
}

/** Collects what {@linkcode decodeLines} yields. */
export function collectLines(
  output: AsyncIterable<Bytes>,
  end: "\n" | "\0",
): Promise<string[]> {
  return Array.fromAsync(decodeLines(output, end));
}

/**
 * Divides output at NUL, which stays, without decoding it: names need not be UTF-8.
 *
 * @throws {TooMuch} When a field is longer than 1 MiB; whatever the output throws.
 */
export async function* rawFields(
  output: AsyncIterable<Bytes>,
): AsyncGenerator<Bytes> {
  let rest = new Uint8Array(0);
  for await (const piece of output) {
    let start = 0;
    for (let end; (end = piece.indexOf(0, start)) !== -1; start = end + 1) {
      yield concatBytes(rest, piece.subarray(start, end + 1));
      rest = new Uint8Array(0);
    }
    rest = concatBytes(rest, piece.subarray(start));
    checkLength(rest);
  }
}

/** Waits for a git that says nothing. */
export async function drain(output: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of output);
}

/** The only line that git says. */
export async function line(
  output: AsyncIterable<Bytes>,
): Promise<string> {
  for await (const text of decodeLines(output, "\n")) return text;
  return "";
}
