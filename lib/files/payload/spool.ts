/**
 * Spooling: turns a stream of unknown length, such as standard input, into a payload.
 *
 * @module
 */

import { concatBytes } from "../../bytes.ts";
import { isMissing, SpreadError } from "../../errors.ts";
import { BytesPayload, FilePayload, type Payload } from "./source.ts";
import { cannotStore } from "../cannot_store.ts";

/**
 * Largest stream kept in memory, in bytes; a larger one goes to a file that only its owner
 * can read.
 */
export const MAX_BYTES_IN_MEMORY = 4 * 1024 * 1024;

/** Options for reading a stream. */
export interface SpoolOptions {
  signal: AbortSignal;
  /** Name of the payload in errors; by default `the input`. */
  name?: string;
}

/** A payload from a stream; disposing of it removes its file, if it has one. */
export interface SpooledPayload extends AsyncDisposable {
  payload: Payload;
}

/**
 * Reads `stream` to its end.
 *
 * @param folder Folder that keeps a large payload until it is disposed of; created if it is
 *   missing.
 * @throws {SpreadError} `PAYLOAD_EMPTY`, `PAYLOAD_UNREADABLE`, `CANNOT_STORE`; the signal's
 *   reason when it is aborted. No file remains then.
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
      "Check the program or file that it comes from, and share again",
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
  const file = await createFile(folder, path);
  const remove = async () => {
    // Windows cannot remove an open file.
    file.close();
    await Deno.remove(path).catch(ignoreMissing);
  };
  try {
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
    const file = await Deno.open(path, {
      read: true,
      write: true,
      createNew: true,
      mode: 0o600,
    });
    try {
      // Shows others that the owner is alive; a shared lock lets readers in.
      file.lockSync(false);
    } catch (error) {
      file.close();
      throw error;
    }
    return file;
  } catch (cause) {
    throw cannotStore(folder, cause);
  }
}

/** Somebody else may have removed it, such as a person who tidies up. */
function ignoreMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}

/**
 * Removes files that killed processes have left in `folder`. Files of live processes stay,
 * and so do those that cannot be removed; this is best effort.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  const { hasNoOwner, removeLeftOver } = await import("../leftovers.ts");
  await removeLeftOver(
    folder,
    ({ isFile }, path) => isFile && hasNoOwner(path),
  );
}

/** Writes all of a piece. @throws {SpreadError} `CANNOT_STORE`, naming `folder`. */
export async function writeAll(
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
