/**
 * Payload sources: what a sender offers, read in pieces, never held whole.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Bytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";

/** Bytes read, sealed and sent together. */
export const PIECE_BYTES = 256 * 1024;

/** Pieces in memory at once: those that are being sealed, the one being read, one to spare. */
export const PIECES_KEPT = 6;

/** A payload whose size and hash are known and which can be read from any position. */
export interface Payload {
  /** Size in bytes, at least 1. */
  readonly size: number;
  /** SHA-256 in lower-case hex. */
  readonly sha256: string;
  /**
   * The bytes from `offset` on, in pieces of at most {@linkcode PIECE_BYTES}; a piece is
   * overwritten once {@linkcode PIECES_KEPT} more have been asked for.
   *
   * @throws {SpreadError} `PAYLOAD_CHANGED` when they are no longer those that were hashed.
   */
  read(offset: number): AsyncGenerator<Bytes>;
}

/** A payload in memory. */
export class BytesPayload implements Payload {
  readonly size: number;
  readonly sha256: string;
  readonly #bytes: Bytes;

  /** @throws {SpreadError} `PAYLOAD_EMPTY`. */
  constructor(bytes: Bytes) {
    if (isBlank(bytes)) throw empty("the input");
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

/** A payload in a file. The file is opened anew for each reader and must stay as it was. */
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
   * @throws {SpreadError} `PAYLOAD_EMPTY` (nothing or only blanks), `PAYLOAD_UNREADABLE`
   *   (missing, a folder, no permission), `PAYLOAD_CHANGED` (while it was read).
   */
  static async open(path: string): Promise<FilePayload> {
    using file = await openFile(path);
    const { size, fingerprint } = await describe(file, path);
    const hash = createHash("sha256");
    let blank = true;
    for (const piece of readPieces(file)) {
      hash.update(piece);
      blank &&= isBlank(piece);
    }
    if (blank) throw empty(`"${path}"`);
    if ((await describe(file, path)).fingerprint !== fingerprint) {
      throw changed(path);
    }
    return new FilePayload(path, size, hash.digest("hex"), fingerprint);
  }

  async *read(offset: number): AsyncGenerator<Bytes> {
    using file = await openFile(this.path).catch((cause) => {
      throw changed(this.path, { cause });
    });
    if ((await describe(file, this.path)).fingerprint !== this.fingerprint) {
      throw changed(this.path);
    }
    await file.seek(offset, Deno.SeekMode.Start);
    yield* readPieces(file);
    if ((await describe(file, this.path)).fingerprint !== this.fingerprint) {
      throw changed(this.path);
    }
  }
}

async function openFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (cause) {
    throw unreadable(
      path,
      cause instanceof Deno.errors.NotFound ? "there is no such file" : "",
      {
        cause,
      },
    );
  }
}

/** Size, and what changes when someone writes to the file or replaces it. */
async function describe(
  file: Deno.FsFile,
  path: string,
): Promise<{ size: number; fingerprint: string }> {
  const info = await file.stat();
  if (!info.isFile) throw unreadable(path, "it is not a file");
  const fingerprint = [info.dev, info.ino, info.size, info.mtime?.getTime()]
    .join(":");
  return { size: info.size, fingerprint };
}

/** Reads into a few buffers in turn: a new one for each piece would grow memory by the payload. */
function* readPieces(file: Deno.FsFile): Generator<Bytes> {
  const ring = Array.from(
    { length: PIECES_KEPT },
    () => new Uint8Array(PIECE_BYTES),
  );
  for (let turn = 0;; turn++) {
    const piece = ring[turn % ring.length]!;
    const length = fill(file, piece);
    if (length > 0) yield piece.subarray(0, length);
    if (length < PIECE_BYTES) return;
  }
}

/**
 * Synchronous: an asynchronous read of a file takes a trip to another thread, which costs
 * more than copying a piece that the system has read ahead.
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

/** Whether there is nothing to read but blanks and line ends. */
function isBlank(bytes: Bytes): boolean {
  return bytes.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}

function empty(what: string): SpreadError {
  return new SpreadError(
    "PAYLOAD_EMPTY",
    `Cannot share ${what}: it is empty`,
    "Write the text to share first",
  );
}

function unreadable(
  path: string,
  why: string,
  options?: ErrorOptions,
): SpreadError {
  return new SpreadError(
    "PAYLOAD_UNREADABLE",
    `Cannot read "${path}"${why && `: ${why}`}`,
    "Check the path and its permissions",
    options,
  );
}

function changed(path: string, options?: ErrorOptions): SpreadError {
  return new SpreadError(
    "PAYLOAD_CHANGED",
    `Cannot go on with "${path}": it changed or vanished while it was shared`,
    "Leave the file as it is until it is received, and share again",
    options,
  );
}
