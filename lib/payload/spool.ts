/**
 * Spooling: turns a stream of unknown length, such as standard input, into a payload.
 *
 * @module
 */

import { concatBytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { BytesPayload, FilePayload, type Payload } from "./source.ts";
import { cannotStore } from "./storage_error.ts";

/** Up to this many bytes stay in memory; more goes to a file that its owner alone can read. */
export const MAX_BYTES_IN_MEMORY = 4 * 1024 * 1024;

/** How a stream is taken in. */
export interface SpoolOptions {
  signal: AbortSignal;
  /** What to call the payload in errors; `the input` unless told otherwise. */
  name?: string;
}

/** A payload from a stream; disposing it removes its file, if it has one. */
export interface SpooledPayload extends AsyncDisposable {
  payload: Payload;
}

/**
 * Reads `stream` to its end.
 *
 * @param folder Where a large payload is kept until it is disposed; made if missing.
 * @throws {SpreadError} `PAYLOAD_EMPTY`, `PAYLOAD_UNREADABLE`, `CANNOT_STORE`; the signal's
 *   reason when it is aborted, and then no file stays.
 */
export async function spool(
  stream: ReadableStream<Uint8Array>,
  folder: string,
  options: SpoolOptions,
): Promise<SpooledPayload> {
  const { signal } = options;
  signal.throwIfAborted();
  const reader = stream.getReader();
  const onAbort = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await collect(reader, folder, options);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function collect(
  reader: Reader,
  folder: string,
  { signal, name = "the input" }: SpoolOptions,
): Promise<SpooledPayload> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const piece = await readPiece(reader, signal, name);
    if (piece === null) {
      return {
        payload: new BytesPayload(concatBytes(...pieces), name),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    }
    pieces.push(piece);
    length += piece.length;
    if (length > MAX_BYTES_IN_MEMORY) break;
  }
  return await collectInFile(pieces, reader, folder, { signal, name });
}

/** The next piece, or `null` at the end. */
async function readPiece(
  reader: Reader,
  signal: AbortSignal,
  name: string,
): Promise<Uint8Array | null> {
  const { value } = await reader.read().catch((cause) => {
    throw new SpreadError(
      "PAYLOAD_UNREADABLE",
      `Cannot read ${name}`,
      "Check where it comes from, and share again",
      { cause },
    );
  });
  signal.throwIfAborted();
  return value ?? null;
}

async function collectInFile(
  pieces: Uint8Array[],
  reader: Reader,
  folder: string,
  { signal, name }: Required<SpoolOptions>,
): Promise<SpooledPayload> {
  const path = `${folder}/${crypto.randomUUID()}`;
  const remove = () => Deno.remove(path);
  try {
    using file = await createFile(folder, path);
    for (const piece of pieces) await writeAll(file, piece, folder);
    for (;;) {
      const piece = await readPiece(reader, signal, name);
      if (piece === null) break;
      await writeAll(file, piece, folder);
    }
    const payload = await FilePayload.open(path, { signal, name });
    return { payload, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove().catch(() => {});
    throw error;
  }
}

async function createFile(folder: string, path: string): Promise<Deno.FsFile> {
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    return await Deno.open(path, {
      write: true,
      createNew: true,
      mode: 0o600,
    });
  } catch (cause) {
    throw cannotStore(folder, cause);
  }
}

async function writeAll(
  file: Deno.FsFile,
  piece: Uint8Array,
  folder: string,
): Promise<void> {
  try {
    let rest = piece;
    while (rest.length > 0) rest = rest.subarray(await file.write(rest));
  } catch (cause) {
    throw cannotStore(folder, cause);
  }
}
