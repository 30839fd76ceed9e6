/**
 * Reads a packed session: decompressed, line by line, within limits. The session is in a file, or
 * in a payload that is shared.
 *
 * @module
 */

import { createReadStream } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { constants, createZstdDecompress } from "node:zlib";
import { concatBytes } from "../../bytes.ts";
import { SpreadError, systemReason } from "../../errors.ts";
import { cannotRead } from "../../files/cannot_store.ts";
import { type Lines, readLines } from "../../files/lines.ts";
import type { Payload } from "../../files/payload/source.ts";
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
import { type Encoding, HEAD_BYTES, kindOf } from "../../payload.ts";

/** Largest window of the compression, as a power of two: the memory that decompression takes. */
const MAX_WINDOW_LOG = 23;

/** Bytes read, and decompressed, at once. */
const PIECE_BYTES = 256 * 1024;

/** Most bytes that one compressed byte may become, beyond {@linkcode FREE_BYTES}. */
const MAX_RATIO = 200;
const FREE_BYTES = 64 * 1024 * 1024;

/** The contents of a file, in order, in groups: those of one piece of it. */
export type Items = Iterable<PackedItem>;

/** The beginning of a part, a value inside it, or an unreadable line. */
type Content =
  | { part: Part }
  | { line: unknown }
  | { unreadable: "broken_lines" | "long_lines" };

/** A line of the file, with its text as far as it is read. */
export type PackedItem = Content & { text: string };

/** The bytes of a packed session. */
interface Packed {
  /** Path, for errors. */
  name: string;
  size: number;
  open: (start: number) => Readable;
}

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
): AsyncGenerator<Items> {
  const packed = await openFile(path).catch(throwUnreadable(path));
  const head = await readHead(packed).catch(throwUnreadable(path));
  yield* readItems(packed, head, signal);
}

/**
 * Reads the items of a payload that is shared.
 *
 * @throws {SpreadError} As {@linkcode readSession}; `PAYLOAD_CHANGED`.
 */
export async function* readPayload(
  payload: Payload,
  signal?: AbortSignal,
): AsyncGenerator<Items> {
  const packed = packedIn(payload);
  yield* readItems(packed, await readHead(packed), signal);
}

/**
 * Returns the encoding that a payload states.
 *
 * @throws {SpreadError} As {@linkcode readPayload}.
 */
export async function readEncoding(payload: Payload): Promise<Encoding> {
  return (await readHead(packedIn(payload))).encoding;
}

/**
 * Returns the first line of a payload, which states its encoding.
 *
 * @throws {SpreadError} As {@linkcode readPayload}.
 */
export async function readFirstLine(payload: Payload): Promise<string> {
  return (await readHead(packedIn(payload))).text;
}

async function* readItems(
  packed: Packed,
  { encoding, bodyAt }: Head,
  signal?: AbortSignal,
): AsyncGenerator<Items> {
  const body = openBody(packed.open(bodyAt), encoding);
  const decoder = new TextDecoder();
  try {
    const pieces = limited(body, packed);
    for await (const lines of readLines(pieces, MAX_LINE_BYTES)) {
      yield itemsIn(lines, decoder, signal);
    }
  } finally {
    body.destroy();
  }
}

function* itemsIn(
  lines: Lines,
  decoder: TextDecoder,
  signal?: AbortSignal,
): Generator<PackedItem> {
  for (const { bytes, length } of lines) {
    signal?.throwIfAborted();
    if (length === 0) continue;
    const text = decoder.decode(bytes);
    const isLong = length > bytes.length;
    yield {
      ...isLong ? { unreadable: "long_lines" } : contentOf(text),
      text,
    };
  }
}

function contentOf(text: string): Content {
  const line = parseJson(text);
  if (line === undefined) return { unreadable: "broken_lines" };
  const part = asPart(line);
  return part === null ? { line } : { part };
}

async function openFile(path: string): Promise<Packed> {
  const { size, isFile } = await Deno.stat(path);
  if (!isFile) throw refused("it is not a file", "Choose another file");
  const highWaterMark = PIECE_BYTES;
  return {
    name: path,
    size,
    open: (start) => createReadStream(path, { start, highWaterMark }),
  };
}

function packedIn(payload: Payload): Packed {
  return {
    name: "the input",
    size: payload.size,
    open: (start) =>
      Readable.from(copies(payload.read(start)), { objectMode: false }),
  };
}

/** Copies pieces, because a payload overwrites them while a stream still holds them. */
async function* copies(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield piece.slice();
}

/** Facts of the first line. */
interface Head {
  encoding: Encoding;
  text: string;
  /** Position at which the rest begins. */
  bodyAt: number;
}

async function readHead(packed: Packed): Promise<Head> {
  let head = new Uint8Array(0);
  for await (const piece of packed.open(0)) {
    head = concatBytes(head, piece);
    if (head.length >= HEAD_BYTES) break;
  }
  if (head.length === 0) throw refused("it is empty", "Choose another file");
  if (kindOf(head) === "memory") {
    throw refused(
      "it is a memory bundle",
      "Install it with claude-spread install FILE; nothing was installed",
    );
  }
  const end = head.subarray(0, HEAD_BYTES).indexOf(LF);
  const line = head.subarray(0, end === -1 ? HEAD_BYTES : end);
  const text = new TextDecoder().decode(line);
  return { encoding: decodeHead(text), text, bodyAt: line.length + 1 };
}

const LF = 10;

function openBody(file: Readable, encoding: Encoding) {
  if (encoding === "identity") return file;
  const params = { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG };
  const plain = createZstdDecompress({ params, chunkSize: PIECE_BYTES });
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
  packed: Packed,
): AsyncGenerator<Uint8Array> {
  const limit = Math.min(MAX_BODY_BYTES, FREE_BYTES + packed.size * MAX_RATIO);
  let count = 0;
  try {
    for await (const piece of body) {
      count += piece.length;
      if (count > limit) {
        throw tooLarge("it is too large once decompressed");
      }
      yield piece;
    }
  } catch (error) {
    if (error instanceof SpreadError) throw error;
    if (systemReason(error) !== null) throw cannotRead(packed.name, error);
    throw refused("it is broken", SEND_AGAIN, error);
  }
}

function throwUnreadable(path: string): (cause: unknown) => never {
  return (cause) => {
    throw cause instanceof SpreadError ? cause : cannotRead(path, cause);
  };
}
