/**
 * The body of an HTTP/1.1 answer, read within a limit.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../../bytes.ts";
import type { ByteReader } from "../websocket/byte_reader.ts";
import type { HttpHead } from "../websocket/http_head.ts";
import { OpeningError } from "../websocket/steps.ts";

/** Longest line of a chunked body, in bytes, and most chunks and lines after the last one. */
const MAX_LINE_BYTES = 1024;
const MAX_CHUNKS = 100_000;
const MAX_TRAILERS = 100;

/** A body. */
export interface HttpBody {
  body: Bytes;
  /** Whether its end was told, so that the connection can be used again. */
  isWhole: boolean;
}

/**
 * Reads a body in any of the three forms: of a length, in chunks, or until the connection ends.
 *
 * @param maxBytes Most bytes of the body.
 * @throws {OpeningError} "HTTP" for a body that is longer, encoded or broken; "end" when the
 *   connection ends too early.
 */
export async function readHttpBody(
  reader: ByteReader,
  { status, headers }: HttpHead,
  maxBytes: number,
): Promise<HttpBody> {
  if (status === 204 || status === 304) {
    return { body: new Uint8Array(0), isWhole: true };
  }
  if (headers.has("content-encoding")) throw broken();
  const coding = headers.get("transfer-encoding")?.toLowerCase();
  try {
    if (coding === "chunked") {
      return { body: await readChunks(reader, maxBytes), isWhole: true };
    }
    if (coding !== undefined) throw broken();
    const length = headers.get("content-length");
    return length === undefined
      ? { body: await readToEnd(reader, maxBytes), isWhole: false }
      : {
        body: await readExactly(reader, lengthIn(length, maxBytes)),
        isWhole: true,
      };
  } catch (error) {
    // An error of the network.
    if (error instanceof OpeningError) throw error;
    throw new OpeningError({ step: "end" });
  }
}

function lengthIn(text: string, maxBytes: number): number {
  if (!/^\d{1,15}$/.test(text) || Number(text) > maxBytes) throw broken();
  return Number(text);
}

async function readExactly(reader: ByteReader, length: number): Promise<Bytes> {
  const body = new Uint8Array(length);
  if (await reader.fill(body)) return body;
  throw new OpeningError({ step: "end" });
}

async function readToEnd(reader: ByteReader, maxBytes: number): Promise<Bytes> {
  const parts: Bytes[] = [];
  let length = 0;
  do {
    const part = reader.held.slice();
    reader.skip(part.length);
    length += part.length;
    if (length > maxBytes) throw broken();
    parts.push(part as Bytes);
  } while (await reader.more());
  return concatBytes(...parts);
}

async function readChunks(
  reader: ByteReader,
  maxBytes: number,
): Promise<Bytes> {
  const parts: Bytes[] = [];
  let left = maxBytes;
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const line = await readLine(reader);
    const [, size] = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line) ?? [];
    if (size === undefined) throw broken();
    const length = Number.parseInt(size, 16);
    if (length > left) throw broken();
    if (length === 0) {
      await skipTrailers(reader);
      return concatBytes(...parts);
    }
    parts.push(await readExactly(reader, length));
    left -= length;
    if (await readLine(reader) !== "") throw broken();
  }
  throw broken();
}

async function skipTrailers(reader: ByteReader): Promise<void> {
  for (let count = 0; count < MAX_TRAILERS; count++) {
    if (await readLine(reader) === "") return;
  }
  throw broken();
}

/** A line without its end. */
async function readLine(reader: ByteReader): Promise<string> {
  for (;;) {
    const { held } = reader;
    const end = held.indexOf(0x0a);
    if (end > MAX_LINE_BYTES || end < 0 && held.length > MAX_LINE_BYTES) {
      throw broken();
    }
    if (end >= 0) {
      const line = new TextDecoder("latin1").decode(held.subarray(0, end));
      reader.skip(end + 1);
      return line.replace(/\r$/, "");
    }
    if (!(await reader.more())) throw new OpeningError({ step: "end" });
  }
}

function broken(): OpeningError {
  return new OpeningError({ step: "HTTP" });
}
