/**
 * Packs a session for another machine, into a file or a stream, compressed or not.
 *
 * `packing.ts` chooses what leaves. The same session gives the same bytes. See
 * docs/protocol.md, section 12.
 *
 * @module
 */

import { createWriteStream } from "node:fs";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as zlib from "node:zlib";
import { type Bytes, utf8 } from "../../bytes.ts";
import { systemReason } from "../../errors.ts";
import { cannotStore } from "../../files/cannot_store.ts";
import { type Encoding } from "../../payload.ts";
import { encodeHead } from "../container.ts";
import type { LocalSession } from "../local/list.ts";
import type { Redaction } from "../redact/session_redactor.ts";
import type { SessionTally } from "../tally.ts";
import { Packing } from "./packing.ts";

/**
 * Settings of the compression: some 7 % more bytes than by default, in a third of the time. A
 * local network carries these bytes sooner than they could be saved.
 */
const COMPRESSION = {
  [zlib.constants.ZSTD_c_compressionLevel]: 2,
  [zlib.constants.ZSTD_c_minMatch]: 7,
};

/** Approximate size of the pieces in which lines are written, compressed or not, in bytes. */
const PIECE_BYTES = 64 * 1024;

/** Options for packing a session. */
export interface PackOptions extends Redaction {
  /** The file to write, which must not exist; readable by its owner only. */
  output: string;
  encoding: Encoding;
  signal?: AbortSignal;
}

/** Whether this machine can compress and decompress. */
export function canCompress(): boolean {
  return typeof zlib.createZstdCompress === "function" &&
    typeof zlib.createZstdDecompress === "function";
}

/**
 * Writes the packed session to `output`, whole or not at all.
 *
 * @returns Counts of the parts left out and changed.
 * @throws {SpreadError} `PAYLOAD_EMPTY` when the session contains no conversation,
 *   `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`, `CANNOT_STORE` (also when `output` exists);
 *   the signal's reason.
 */
export async function packSession(
  session: LocalSession,
  { output, encoding, signal, ...redaction }: PackOptions,
): Promise<SessionTally> {
  const packing = await Packing.begin(session, redaction);
  createFile(output, encodeHead(encoding));
  try {
    const sink = createWriteStream(output, { flags: "a" });
    await writeLines(packing, sink, encoding, signal);
    return packing.tally;
  } catch (error) {
    await Deno.remove(output).catch(() => {});
    signal?.throwIfAborted();
    throw systemReason(error) === null ? error : cannotStore(output, error);
  }
}

/**
 * Writes the packed session to a stream, as far as it gets, and ends that.
 *
 * @returns Counts of the parts left out and changed.
 * @throws {SpreadError} `PAYLOAD_EMPTY`, `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`; the
 *   stream's error; the signal's reason.
 */
export async function streamSession(
  session: LocalSession,
  sink: Writable,
  { encoding, signal, ...redaction }: Omit<PackOptions, "output">,
): Promise<SessionTally> {
  const packing = await Packing.begin(session, redaction);
  sink.write(encodeHead(encoding));
  try {
    await writeLines(packing, sink, encoding, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  return packing.tally;
}

/**
 * Packs a session and keeps nothing of it, to find out what would be taken out.
 *
 * @returns Counts of the parts left out and changed.
 * @throws {SpreadError} As {@linkcode packSession}.
 */
export async function previewSession(
  session: LocalSession,
  { signal, ...redaction }: Redaction & { signal?: AbortSignal },
): Promise<SessionTally> {
  const packing = await Packing.begin(session, redaction);
  for await (const lines of packing.lines()) {
    signal?.throwIfAborted();
    for (const _ of lines);
  }
  return packing.tally;
}

/** Writes the lines after the first one, compressed or not. */
async function writeLines(
  packing: Packing,
  sink: Writable,
  encoding: Encoding,
  signal?: AbortSignal,
): Promise<void> {
  const lines = Readable.from(inPieces(packing.lines()), { objectMode: false });
  if (encoding === "identity") return await pipeline(lines, sink, { signal });
  const compressor = zlib.createZstdCompress({
    params: COMPRESSION,
    chunkSize: PIECE_BYTES,
  });
  await pipeline(lines, compressor, sink, { signal });
}

function createFile(path: string, head: string): void {
  try {
    Deno.writeTextFileSync(path, head, { createNew: true, mode: 0o600 });
  } catch (cause) {
    throw cannotStore(path, cause);
  }
}

async function* inPieces(
  groups: AsyncIterable<Iterable<string>>,
): AsyncGenerator<Bytes> {
  let piece: string[] = [];
  let length = 0;
  for await (const lines of groups) {
    for (const line of lines) {
      piece.push(line, "\n");
      length += line.length;
      if (length < PIECE_BYTES) continue;
      yield utf8(piece.join(""));
      piece = [];
      length = 0;
    }
  }
  yield utf8(piece.join(""));
}
