/**
 * The store of partial payloads: what has arrived so far, so that an interrupted transfer
 * goes on where it stopped.
 *
 * One file for each payload, named after its SHA-256, readable by its owner only. It
 * leaves the store when it is complete, checked and put in its place.
 *
 * @module
 */

import type { Hash } from "node:crypto";
import type { Bytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { placeFile } from "./place_file.ts";
import { cannotStore } from "./cannot_store.ts";

/** Partial payloads that nobody went on with are removed after this time, in milliseconds. */
export const STALE_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Largest payload, in bytes, that is hashed at once when it is complete. What hashes larger ones
 * piece by piece takes 15 ms to load, while a processor is wanted for other things.
 */
export const HASHED_AT_ONCE_BYTES = 1024 * 1024;

/**
 * Opens the partial file of a payload in `folder`, which is made if it is missing.
 *
 * A second process that receives the same payload gets a file of its own.
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
    return await PartialFile.resume(at, file, payload);
  } catch (cause) {
    throw cannotStore(folder, cause);
  }
}

/**
 * Removes partial files in `folder` that were last written before `now` − {@linkcode STALE_MS}.
 *
 * Whatever cannot be removed stays: this is housekeeping.
 */
export async function removeStale(folder: string, now: Date): Promise<void> {
  try {
    for await (const entry of Deno.readDir(folder)) {
      const path = `${folder}/${entry.name}`;
      const { mtime } = await Deno.stat(path);
      if (mtime && mtime.getTime() < now.getTime() - STALE_MS) {
        await Deno.remove(path);
      }
    }
  } catch {
    // Nothing to remove, or not ours.
  }
}

/**
 * Opens a partial file in `folder` and removes it: makes the folder, and lets the engine compile
 * what a person would wait for, which takes a millisecond.
 *
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function warmUpStore(folder: string): Promise<void> {
  const sha256 = `rehearsal-${crypto.randomUUID()}`;
  const partial = await openPartial(folder, { sha256, size: 0 });
  // At once: a command that ends in between would leave the file.
  partial[Symbol.dispose]();
  if (CLOSES_FIRST) Deno.removeSync(partial.path);
}

/** Windows moves and removes no file that is open. */
const CLOSES_FIRST = Deno.build.os === "windows";

interface OpenFile {
  file: Deno.FsFile;
  at: string;
}

/**
 * Opens the payload's file, unless another process has it.
 *
 * Synchronous: an asynchronous call takes a trip to another thread, and a person waits.
 */
function openLocked(folder: string, at: string): OpenFile | null {
  for (;;) {
    const file = openOrMakeFolder(folder, at);
    const isLocked = file.tryLockSync(true);
    if (isLocked && isStillAt(file, at)) return { file, at };
    file.close();
    if (!isLocked) return null;
    // Its last owner has removed it between our opening and locking it.
  }
}

function isStillAt(file: Deno.FsFile, at: string): boolean {
  try {
    return Deno.statSync(at).ino === file.statSync().ino;
  } catch {
    return false;
  }
}

function openOrMakeFolder(folder: string, at: string): Deno.FsFile {
  const options = { read: true, write: true, create: true, mode: 0o600 };
  try {
    return Deno.openSync(at, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
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
    /** Where the bytes are. */
    readonly path: string,
    private readonly file: Deno.FsFile,
    /** Bytes that were there already. */
    readonly offset: number,
    sha256: string,
    /** Takes what is written; `null` when all is hashed in the end. */
    private readonly hash: Hash | null,
  ) {
    this.#sha256 = sha256;
    this.#size = offset;
  }

  /** Takes over what an earlier transfer left in `file`. */
  static async resume(
    path: string,
    file: Deno.FsFile,
    payload: { sha256: string; size: number },
  ): Promise<PartialFile> {
    const { size } = file.statSync();
    // More than was offered cannot be a beginning of it.
    if (size > payload.size) file.truncateSync(0);
    const offset = size > payload.size ? 0 : size;
    const hash = payload.size > HASHED_AT_ONCE_BYTES ? await newHash() : null;
    if (hash === null) file.seekSync(offset, Deno.SeekMode.Start);
    else await hashExisting(file, hash);
    return new PartialFile(path, file, offset, payload.sha256, hash);
  }

  /**
   * Appends a piece; synchronous, because the trip to another thread costs more than
   * handing a piece to the system does.
   *
   * @throws {SpreadError} `CANNOT_STORE`; what was written before stays.
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
   * Checks that the file is the payload that was offered. If it is not, it is removed, so
   * that the next transfer starts anew.
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
      "Cannot use what was received: it is not what the sender offered",
      "Nothing was kept; receive it again",
    );
  }

  /**
   * Moves the checked file to `output`, whole or not at all.
   *
   * @throws {SpreadError} `CANNOT_STORE`; also when `output` exists: nothing is overwritten.
   */
  async moveTo(output: string): Promise<void> {
    await this.#leave(() => placeFile(this.path, output));
  }

  /** Deletes the file. */
  async remove(): Promise<void> {
    await this.#leave(() => Deno.remove(this.path));
  }

  /** Closes the file and leaves what is in it, if anything, for the next transfer. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    if (this.#size === 0 && !CLOSES_FIRST) Deno.removeSync(this.path);
    this.#close();
  }

  /**
   * Takes the file out of the store and closes it, in this order: who waits for the lock
   * must not find a file that is about to go.
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
        why: "what was written cannot be read",
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

/** Leaves `file` where the next piece goes. */
async function hashExisting(file: Deno.FsFile, hash: Hash): Promise<void> {
  const piece = new Uint8Array(256 * 1024);
  for (;;) {
    const count = await file.read(piece);
    if (count === null) return;
    hash.update(piece.subarray(0, count));
  }
}
