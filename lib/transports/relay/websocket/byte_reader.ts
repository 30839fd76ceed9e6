/**
 * Bytes of a connection, read as they are asked for; at most one buffer of them is held.
 *
 * @module
 */

import type { Bytes } from "../../../bytes.ts";

/** Bytes read at once. */
const BUFFER_BYTES = 64 * 1024;

/** The readable part of a connection. */
export interface Readable {
  read(into: Uint8Array): Promise<number | null>;
}

/** Reads a connection. */
export class ByteReader {
  readonly #buffer: Bytes = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #end = 0;

  /** @param onBytes Called whenever bytes have come. */
  constructor(
    private readonly source: Readable,
    private readonly onBytes: () => void = () => {},
  ) {}

  /** The bytes that have come and are not taken; valid until the next call. */
  get held(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Discards `count` held bytes. */
  skip(count: number): void {
    this.#start += count;
  }

  /** Waits for more bytes to hold; `false` at the end of the connection, or when it holds all it can. */
  async more(): Promise<boolean> {
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (this.#end === this.#buffer.length) return false;
    const count = await this.#read(this.#buffer.subarray(this.#end));
    if (count === null) return false;
    this.#end += count;
    return true;
  }

  /** Fills `into`; `false` when the connection ends before. */
  async fill(into: Uint8Array): Promise<boolean> {
    const first = this.held.subarray(0, into.length);
    into.set(first);
    this.skip(first.length);
    let at = first.length;
    while (at < into.length) {
      const count = await this.#read(into.subarray(at));
      if (count === null) return false;
      at += count;
    }
    return true;
  }

  /** Reads `count` bytes and keeps none; `false` when the connection ends before. */
  async discard(count: number): Promise<boolean> {
    let left = count;
    for (;;) {
      const here = Math.min(left, this.held.length);
      this.skip(here);
      left -= here;
      if (left === 0) return true;
      if (!(await this.more())) return false;
    }
  }

  async #read(into: Uint8Array): Promise<number | null> {
    const count = await this.source.read(into);
    if (count !== null) this.onBytes();
    return count;
  }
}
