/**
 * The store of partial payloads: bytes that have arrived so far, so that an interrupted
 * transfer resumes where it stopped.
 *
 * One file for each payload, named after its SHA-256 and readable by its owner only. It
 * leaves the store once it is complete, checked and put in its place.
 *
 * @module
 */

import type { Hash } from "node:crypto";
import type { Bytes } from "../../bytes.ts";
import { isMissing, SpreadError } from "../../errors.ts";
import { removeLeftOver } from "../leftovers.ts";
import { lockOpenFile, MAX_LOCK_ATTEMPTS } from "../lock.ts";
import { placeFile } from "./place_file.ts";
import { cannotStore } from "../cannot_store.ts";

/** Age, in milliseconds, at which abandoned partial payloads are removed. */
export const STALE_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Largest payload that is hashed at once when it is complete, in bytes. The code that
 * hashes larger ones piece by piece takes 15 ms to load, at a time when the processor is
 * busy.
 */
export const HASHED_AT_ONCE_BYTES = 1024 * 1024;

/**
 * Opens the partial file of a payload in `folder`; creates the folder if it is missing.
 *
 * A second process that receives the same payload gets another file.
 *
 * @param payload SHA-256 in hex and size in bytes, as offered.
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function openPartial(
  folder: string,
  payload: { sha256: string; size: number },
): Promise<PartialFile> {
  try {
    const path = `${folder}/${payload.sha256}`;
    const { file, at } = openLocked(folder, path) ?? openOwn(path);
    try {
      return await PartialFile.resume(at, file, payload);
    } catch (error) {
      file.close();
      throw error;
    }
  } catch (cause) {
    throw cannotStore(folder, cause);
  }
}

/**
 * Removes partial files in `folder` that were last written before `now` − {@linkcode STALE_MS}.
 *
 * Files that cannot be removed stay; this is best effort.
 */
export async function removeStale(folder: string, now: Date): Promise<void> {
  await removeLeftOver(folder, async ({ isDirectory }, path) => {
    const { mtime } = await Deno.stat(path);
    return !isDirectory && mtime !== null &&
      mtime.getTime() < now.getTime() - STALE_MS;
  });
}

/** Windows cannot move or remove an open file. */
const CLOSES_FIRST = Deno.build.os === "windows";

interface OpenFile {
  file: Deno.FsFile;
  at: string;
}

/**
 * Opens the payload's file; `null` when another process has locked it, or does so each time.
 *
 * Synchronous: an asynchronous call goes through another thread, and the user waits.
 */
function openLocked(folder: string, at: string): OpenFile | null {
  for (let attempt = 0; attempt < MAX_LOCK_ATTEMPTS; attempt++) {
    const file = openOrMakeFolder(folder, at);
    const state = lockOpenFile(file, at);
    if (state === "locked") return { file, at };
    file.close();
    if (state === "taken") return null;
  }
  return null;
}

function openOrMakeFolder(folder: string, at: string): Deno.FsFile {
  const options = { read: true, write: true, create: true, mode: 0o600 };
  try {
    return Deno.openSync(at, options);
  } catch (error) {
    if (!isMissing(error)) throw error;
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    return Deno.openSync(at, options);
  }
}

function openOwn(prefix: string): OpenFile {
  const at = `${prefix}.${crypto.randomUUID()}`;
  const file = Deno.openSync(at, {
    read: true,
    write: true,
    createNew: true,
    mode: 0o600,
  });
  return { file, at };
}

/** One payload on its way into the store. */
export class PartialFile implements Disposable {
  readonly #sha256: string;
  #size: number;
  #isOpen = true;

  private constructor(
    /** Path of the bytes. */
    readonly path: string,
    private readonly file: Deno.FsFile,
    /** Bytes that were already there. */
    readonly offset: number,
    sha256: string,
    /** Hash of the bytes so far; `null` when all are hashed at the end. */
    private readonly hash: Hash | null,
  ) {
    this.#sha256 = sha256;
    this.#size = offset;
  }

  /** Bytes that are there. */
  get size(): number {
    return this.#size;
  }

  /** Whether anything has been added to what was there. */
  get hasGrown(): boolean {
    return this.#size > this.offset;
  }

  /** Continues with the bytes that an earlier transfer left in `file`. */
  static async resume(
    path: string,
    file: Deno.FsFile,
    payload: { sha256: string; size: number },
  ): Promise<PartialFile> {
    const { size } = file.statSync();
    // A file longer than the payload cannot be a beginning of it.
    if (size > payload.size) file.truncateSync(0);
    const offset = size > payload.size ? 0 : size;
    const hash = payload.size > HASHED_AT_ONCE_BYTES ? await newHash() : null;
    if (hash === null) file.seekSync(offset, Deno.SeekMode.Start);
    else await hashExisting(file, hash);
    return new PartialFile(path, file, offset, payload.sha256, hash);
  }

  /**
   * Appends a piece. Synchronous: going through another thread costs more than handing the
   * piece to the system.
   *
   * @throws {SpreadError} `CANNOT_STORE`; earlier pieces stay.
   */
  write(piece: Bytes): void {
    this.hash?.update(piece);
    try {
      let rest = piece;
      while (rest.length > 0) rest = rest.subarray(this.file.writeSync(rest));
    } catch (cause) {
      throw cannotStore(this.path, cause);
    }
    this.#size += piece.length;
  }

  /**
   * Checks that the file is the offered payload. Removes it if it is not, so that the next
   * transfer starts from the beginning.
   *
   * @throws {SpreadError} `PAYLOAD_CORRUPT`; `CANNOT_STORE` when it cannot be read.
   */
  async verify(): Promise<void> {
    const digest = this.hash?.digest() ??
      await crypto.subtle.digest("SHA-256", this.#readAll());
    if (new Uint8Array(digest).toHex() === this.#sha256) return;
    await this.remove();
    throw new SpreadError(
      "PAYLOAD_CORRUPT",
      "Cannot use the received data: it is not what the sender offered",
      "Receive it again; nothing was kept",
    );
  }

  /**
   * Moves the checked file to `output`, whole or not at all.
   *
   * @throws {SpreadError} `CANNOT_STORE`, also when `output` exists: nothing is
   *   overwritten.
   */
  async moveTo(output: string): Promise<void> {
    await this.#leave(() => placeFile(this.path, output));
  }

  /** Deletes the file. */
  async remove(): Promise<void> {
    await this.#leave(() => Deno.remove(this.path));
  }

  /** Closes the file and leaves its bytes, if any, for the next transfer. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    try {
      if (this.#size === 0 && !CLOSES_FIRST) Deno.removeSync(this.path);
    } catch {
      // An empty file loses and harms nothing; removeStale() gets it.
    } finally {
      this.#close();
    }
  }

  /**
   * Takes the file out of the store and closes it, in this order: a process that waits for
   * the lock must not find a file that is about to vanish.
   */
  async #leave(take: () => Promise<void>): Promise<void> {
    if (CLOSES_FIRST) this.#close();
    try {
      await take();
    } finally {
      this.#close();
    }
  }

  #close(): void {
    if (this.#isOpen) this.file.close();
    this.#isOpen = false;
  }

  #readAll(): Bytes {
    const bytes = new Uint8Array(this.#size);
    let length = 0;
    try {
      this.file.seekSync(0, Deno.SeekMode.Start);
      while (length < bytes.length) {
        const count = this.file.readSync(bytes.subarray(length));
        if (count === null) break;
        length += count;
      }
    } catch (cause) {
      throw cannotStore(this.path, cause, {
        why: "it cannot be read back after writing",
        hint: "Check the disk, then try again",
      });
    }
    return bytes.subarray(0, length);
  }
}

async function newHash(): Promise<Hash> {
  const { createHash } = await import("node:crypto");
  return createHash("sha256");
}

/** Hashes the bytes of `file`, and leaves its position after them. */
async function hashExisting(file: Deno.FsFile, hash: Hash): Promise<void> {
  const piece = new Uint8Array(256 * 1024);
  for (;;) {
    const count = await file.read(piece);
    if (count === null) return;
    hash.update(piece.subarray(0, count));
  }
}
