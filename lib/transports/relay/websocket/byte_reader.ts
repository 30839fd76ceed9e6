/**
 * Reads the bytes of a connection on demand, and holds at most one buffer of them.
 *
 * @module
 */

import type { Bytes } from "../../../bytes.ts";

/** Size of the buffer. */
const BUFFER_BYTES = 64 * 1024;

/** The readable part of a connection. */
export interface Readable {
  read(into: Uint8Array): Promise<number | null>;
}

/** Reads a connection. Errors of the network reject. */
export class ByteReader {
  readonly #buffer: Bytes = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #end = 0;

  /** @param onBytes Called whenever bytes have arrived. */
  constructor(
    private readonly source: Readable,
    private readonly onBytes: () => void = () => {},
  ) {}

  /** Bytes that have arrived and are not taken yet; valid until the next call. */
  get held(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Takes `count` of the held bytes. */
  skip(count: number): void {
    this.#start += count;
  }

  /** Waits for more bytes to hold; `false` at the end of the connection, or when the buffer is full. */
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

  /** Fills `into`; `false` when the connection ends first. */
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

  /** Reads `count` bytes and keeps none of them; `false` when the connection ends first. */
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
