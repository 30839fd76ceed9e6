/**
 * Payload sources: a sender's payload, read in pieces and never held as a whole.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Bytes } from "../../bytes.ts";
import { SpreadError, USE_A_PIPE } from "../../errors.ts";
import { cannotRead } from "../cannot_store.ts";

/** Bytes read, sealed and sent at a time. */
export const PIECE_BYTES = 256 * 1024;

/** Pieces in memory at once: those being sealed, the one being read, and a spare. */
export const PIECES_KEPT = 6;

/** Pieces between breaks for other work: 16 MiB, a few milliseconds. */
const PIECES_BETWEEN_BREAKS = 64;

/** A payload of known size and hash that can be read from any position. */
export interface Payload {
  /** Size in bytes, at least 1. */
  readonly size: number;
  /** SHA-256 in lower-case hex. */
  readonly sha256: string;
  /**
   * Reads the bytes from `offset` on, in pieces of at most {@linkcode PIECE_BYTES}. A piece
   * is overwritten once the caller has asked for {@linkcode PIECES_KEPT} more.
   *
   * @throws {SpreadError} `PAYLOAD_CHANGED` when the bytes differ from those that were
   *   hashed.
   */
  read(offset: number): AsyncGenerator<Bytes>;
}

/** A payload in memory. */
export class BytesPayload implements Payload {
  readonly size: number;
  readonly sha256: string;
  readonly #bytes: Bytes;

  /**
   * @param name Name of the payload in errors.
   * @throws {SpreadError} `PAYLOAD_EMPTY`.
   */
  constructor(bytes: Bytes, name = "the input") {
    if (isBlank(bytes)) throw empty(name);
    this.#bytes = bytes;
    this.size = bytes.length;
    this.sha256 = createHash("sha256").update(bytes).digest("hex");
  }

  async *read(offset: number): AsyncGenerator<Bytes> {
    for (let at = offset; at < this.size; at += PIECE_BYTES) {
      yield this.#bytes.subarray(at, at + PIECE_BYTES);
    }
  }
}

/** A payload in a file. Each reader opens the file anew; the file must not change. */
export class FilePayload implements Payload {
  private constructor(
    readonly path: string,
    readonly size: number,
    readonly sha256: string,
    private readonly fingerprint: string,
  ) {}

  /**
   * Reads the whole file once, for its hash.
   *
   * @param options `name`: name of the payload in errors; by default its path.
   * @throws {SpreadError} `PAYLOAD_EMPTY` (nothing or only blanks), `PAYLOAD_UNREADABLE`
   *   (missing, a folder, no permission), `PAYLOAD_CHANGED` (while it was read).
   */
  static async open(
    path: string,
    options: { signal?: AbortSignal; name?: string } = {},
  ): Promise<FilePayload> {
    using file = await openFile(path);
    const { size, fingerprint } = describe(file, path);
    const hash = createHash("sha256");
    let isAllBlank = true;
    for await (const piece of readPieces(file, size)) {
      options.signal?.throwIfAborted();
      hash.update(piece);
      isAllBlank &&= isBlank(piece);
    }
    if (isAllBlank) throw empty(options.name ?? `"${path}"`);
    if (describe(file, path).fingerprint !== fingerprint) throw changed(path);
    return new FilePayload(path, size, hash.digest("hex"), fingerprint);
  }

  async *read(offset: number): AsyncGenerator<Bytes> {
    using file = this.#open();
    this.#requireUnchanged(file);
    file.seekSync(offset, Deno.SeekMode.Start);
    yield* readPieces(file, this.size - offset);
    this.#requireUnchanged(file);
  }

  /** Synchronous, like reading: a receiver waits for it. */
  #open(): Deno.FsFile {
    try {
      return Deno.openSync(this.path);
    } catch (cause) {
      throw changed(this.path, { cause });
    }
  }

  #requireUnchanged(file: Deno.FsFile): void {
    if (describe(file, this.path).fingerprint !== this.fingerprint) {
      throw changed(this.path);
    }
  }
}

/**
 * Opens a file to share.
 *
 * @throws {SpreadError} `PAYLOAD_UNREADABLE` (missing, a folder, no permission).
 */
export async function openFile(path: string): Promise<Deno.FsFile> {
  // Checked before opening: opening a named pipe would wait for its writer.
  await Deno.stat(path).then(requireFile(path), unreadableBecause(path));
  return await Deno.open(path).catch(unreadableBecause(path));
}

/**
 * Size, and a fingerprint that changes when someone writes to the file or replaces it.
 *
 * @throws {SpreadError} `PAYLOAD_UNREADABLE`: Deno asks for permission of the real path of an
 *   open file, even if only a link to it is granted.
 */
function describe(
  file: Deno.FsFile,
  path: string,
): { size: number; fingerprint: string } {
  try {
    const { dev, ino, size, mtime } = file.statSync();
    return { size, fingerprint: [dev, ino, size, mtime?.getTime()].join(":") };
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

/**
 * Reads up to `count` bytes, into a few buffers in turn: new ones for each piece would grow
 * memory by the size of the payload.
 */
async function* readPieces(
  file: Deno.FsFile,
  count: number,
): AsyncGenerator<Bytes> {
  const ring: Bytes[] = [];
  let rest = count;
  for (let turn = 0; rest > 0; turn++) {
    const piece = ring[turn % PIECES_KEPT] ??= new Uint8Array(
      Math.min(PIECE_BYTES, rest),
    );
    const length = fill(file, piece.subarray(0, rest));
    if (length === 0) return;
    rest -= length;
    // Lets signals and other transfers in, which synchronous reading blocks.
    if (turn % PIECES_BETWEEN_BREAKS === PIECES_BETWEEN_BREAKS - 1) {
      await new Promise((resolve) => setTimeout(resolve));
    }
    yield piece.subarray(0, length);
  }
}

/**
 * Fills `piece` from the file. Synchronous: an asynchronous read goes through another
 * thread, which costs more than copying a piece that the system has read ahead.
 */
function fill(file: Deno.FsFile, piece: Bytes): number {
  let at = 0;
  while (at < piece.length) {
    const count = file.readSync(piece.subarray(at));
    if (count === null) break;
    at += count;
  }
  return at;
}

/** Whether the bytes are only blanks and line ends. */
function isBlank(bytes: Bytes): boolean {
  return bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

function empty(what: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_EMPTY",
    `Cannot share ${what}: it is empty`,
    "Write the text first, then share it",
  );
}

function requireFile(path: string): (info: Deno.FileInfo) => void {
  return (info) => {
    if (info.isFile) return;
    throw cannotRead(path, null, "it is not a file", USE_A_PIPE);
  };
}

function unreadableBecause(path: string): (cause: unknown) => never {
  return (cause) => {
    throw cannotRead(path, cause);
  };
}

function changed(path: string, options?: ErrorOptions): SpreadError {
  return new SpreadError(
    "PAYLOAD_CHANGED",
    `Cannot continue sharing "${path}": the file changed or vanished`,
    "Share it again, and leave the file as it is until it is received",
    options,
  );
}
