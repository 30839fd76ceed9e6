/**
 * Reads a packed session: decompressed, line by line, within limits.
 *
 * @module
 */

import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { constants, createZstdDecompress } from "node:zlib";
import { SpreadError, systemReason } from "../../errors.ts";
import { cannotRead } from "../../files/cannot_store.ts";
import { readFileLines, readLines } from "../../files/lines.ts";
import {
  asPart,
  decodeHead,
  MAX_BODY_BYTES,
  MAX_LINE_BYTES,
  parseJson,
  type Part,
  refused,
  SEND_AGAIN,
  tooLarge,
} from "../container.ts";
import { type Encoding } from "../../payload.ts";

/** Longest first line, in bytes. */
const MAX_HEAD_BYTES = 1024;

/** Largest window of the compression, as a power of two: the memory that decompression takes. */
const MAX_WINDOW_LOG = 23;

/** Most bytes that one compressed byte may become, beyond {@linkcode FREE_BYTES}. */
const MAX_RATIO = 200;
const FREE_BYTES = 64 * 1024 * 1024;

/**
 * The contents of a file, in order: the beginning of a part, a value inside it, or an
 * unreadable line.
 */
export type Item =
  | { part: Part }
  | { line: unknown }
  | { unreadable: "broken_lines" | "long_lines" };

/**
 * Reads the items of the file at `path`, up to its end part.
 *
 * @throws {SpreadError} `PAYLOAD_UNREADABLE` when the file is missing; `SESSION_REFUSED`
 *   when it is something else, broken or incomplete; `PAYLOAD_TOO_LARGE`; the signal's
 *   reason.
 */
export async function* readSession(
  path: string,
  signal?: AbortSignal,
): AsyncGenerator<Item> {
  const { encoding, bodyAt, size } = await readHead(path);
  const body = openBody(path, bodyAt, encoding);
  const decoder = new TextDecoder();
  try {
    for await (
      const { bytes, length } of readLines(
        limited(body, size, path),
        MAX_LINE_BYTES,
      )
    ) {
      signal?.throwIfAborted();
      if (length > bytes.length) yield { unreadable: "long_lines" };
      else yield* readItem(decoder.decode(bytes));
    }
  } finally {
    body.destroy();
  }
}

function* readItem(text: string): Generator<Item> {
  if (text === "") return;
  const line = parseJson(text);
  const part = asPart(line);
  if (part !== null) yield { part };
  else if (line === undefined) yield { unreadable: "broken_lines" };
  else yield { line };
}

async function readHead(
  path: string,
): Promise<{ encoding: Encoding; bodyAt: number; size: number }> {
  try {
    const { size, isFile } = await Deno.stat(path);
    if (!isFile) throw refused("it is not a file", "Choose another file");
    for await (const { bytes, length } of readFileLines(path, MAX_HEAD_BYTES)) {
      const encoding = decodeHead(new TextDecoder().decode(bytes));
      return { encoding, bodyAt: length + 1, size };
    }
  } catch (error) {
    throw error instanceof SpreadError ? error : cannotRead(path, error);
  }
  throw refused("it is empty", "Choose another file");
}

function openBody(path: string, start: number, encoding: Encoding) {
  const file = createReadStream(path, { start, highWaterMark: 256 * 1024 });
  if (encoding === "identity") return file;
  const params = { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG };
  const plain = createZstdDecompress({ params });
  // Errors of either stream reach the reader of `plain`; the end needs no action.
  pipeline(file, plain, () => {});
  return plain;
}

/**
 * Stops a body that would grow without end, and turns errors of the decompressor into ones
 * for people.
 */
async function* limited(
  body: AsyncIterable<Uint8Array>,
  packedBytes: number,
  path: string,
): AsyncGenerator<Uint8Array> {
  const limit = Math.min(MAX_BODY_BYTES, FREE_BYTES + packedBytes * MAX_RATIO);
  let count = 0;
  try {
    for await (const piece of body) {
      count += piece.length;
      if (count > limit) {
        throw tooLarge("it grows too large when decompressed");
      }
      yield piece;
    }
  } catch (error) {
    if (error instanceof SpreadError) throw error;
    if (systemReason(error) !== null) throw cannotRead(path, error);
    throw refused("it is broken", SEND_AGAIN, error);
  }
}
