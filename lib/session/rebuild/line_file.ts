/**
 * Files written line by line, for their owner only, with their hash.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname, join } from "@std/path";
import { type Bytes, utf8 } from "../../bytes.ts";
import { cannotStore } from "../../files/cannot_store.ts";

/** Bytes gathered before they are written. */
const PIECE_BYTES = 64 * 1024;

/** A complete file. */
export interface WrittenFile {
  /** Relative path, with `/`. */
  name: string;
  /** Size in bytes. */
  size: number;
  /** SHA-256 in lower-case hex. */
  sha256: string;
}

/** Output for the lines of one part of a session; disposing of it before the end discards the part. */
export interface PartOutput extends Disposable {
  take(line: unknown): void;
  end(): WrittenFile;
}

/** A new file; disposing of it closes it. */
export class LineFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #hash = createHash("sha256");
  #lines: string[] = [];
  #waiting = 0;
  #size = 0;
  #isOpen = true;

  /**
   * @param name Path relative to `folder`; missing folders in it are created.
   * @param count Called with the number of bytes before they are written; may throw.
   * @throws {SpreadError} `CANNOT_STORE`, also when the file exists.
   */
  constructor(
    folder: string,
    private readonly name: string,
    private readonly count: (bytes: number) => void,
  ) {
    this.#path = join(folder, name);
    try {
      this.#file = createFile(this.#path);
    } catch (cause) {
      throw cannotStore(this.#path, cause);
    }
  }

  /** @throws {SpreadError} `CANNOT_STORE`; whatever counting throws. */
  write(line: string): void {
    this.#lines.push(line, "\n");
    // With its end: empty lines must not wait without limit either.
    this.#waiting += line.length + 1;
    if (this.#waiting >= PIECE_BYTES) this.#flush();
  }

  /**
   * Writes the file to the disk and closes it.
   *
   * @throws {SpreadError} `CANNOT_STORE`; whatever counting throws.
   */
  finish(): WrittenFile {
    this.#flush();
    this.#orCannotStore(() => this.#file.syncSync());
    this[Symbol.dispose]();
    const { name } = this;
    return { name, size: this.#size, sha256: this.#hash.digest("hex") };
  }

  #flush(): void {
    const bytes = utf8(this.#lines.join(""));
    this.#lines = [];
    this.#waiting = 0;
    this.#size += bytes.length;
    this.count(bytes.length);
    this.#hash.update(bytes);
    this.#orCannotStore(() => writeAll(this.#file, bytes));
  }

  #orCannotStore(action: () => void): void {
    try {
      action();
    } catch (cause) {
      throw cannotStore(this.#path, cause);
    }
  }

  [Symbol.dispose](): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }
}

/**
 * Writes a whole file of bytes.
 *
 * @param name Path relative to `folder`; missing folders in it are created.
 * @throws {SpreadError} `CANNOT_STORE`, also when the file exists.
 */
export function writeBytes(
  folder: string,
  name: string,
  bytes: Bytes,
): WrittenFile {
  const path = join(folder, name);
  try {
    using file = createFile(path);
    writeAll(file, bytes);
    file.syncSync();
  } catch (cause) {
    throw cannotStore(path, cause);
  }
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { name, size: bytes.length, sha256 };
}

function createFile(path: string): Deno.FsFile {
  Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
}

function writeAll(file: Deno.FsFile, bytes: Bytes): void {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(file.writeSync(rest));
}
