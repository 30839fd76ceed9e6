/**
 * The incoming half of a tunnel's end: fetches blocks and tells the messages in them.
 *
 * @module
 */

import { Assembler } from "./blocks.ts";
import type { Store } from "./store.ts";

/** Blocks fetched at once. */
const BLOCKS_PER_FETCH = 11;

/** What an inlet is made of. */
export interface InletOptions {
  store: Store;
  /** Where a block stands. */
  keyOf(index: number): Deno.KvKey;
  maxMessageBytes: number;
  message(data: Uint8Array, isText: boolean): void;
  /** Blocks have been read. */
  advanced(): void;
}

/** What one end receives. */
export class Incoming {
  /** Blocks that the other end has written. */
  wrote = 0;
  readonly #options: InletOptions;
  readonly #assembler: Assembler;
  /** Blocks fetched and not told. */
  #fetched: Uint8Array[] = [];
  #read = 0;
  #isPaused = false;
  #isClosed = false;
  #isRunning = false;

  constructor(options: InletOptions) {
    this.#options = options;
    this.#assembler = new Assembler(options.maxMessageBytes);
  }

  /** Blocks read so far. */
  get read(): number {
    return this.#read;
  }

  /** Stops reading after the block at hand. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Allows reading; {@linkcode run} does it. */
  resume(): void {
    this.#isPaused = false;
  }

  /** Tells nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#fetched = [];
  }

  /**
   * Reads what there is; does nothing when a run is under way. Rejects when KV fails, a
   * block is missing, or a message is too large.
   */
  async run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#wantsMore()) {
        if (this.#fetched.length === 0) await this.#fetch();
        this.#tell();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  #wantsMore(): boolean {
    return !this.#isClosed && !this.#isPaused && this.#read < this.wrote;
  }

  async #fetch(): Promise<void> {
    const { store, keyOf } = this.#options;
    const count = Math.min(this.wrote - this.#read, BLOCKS_PER_FETCH);
    const start = keyOf(this.#read);
    const found = await store.list(start, keyOf(this.#read + count), count);
    if (found.length < count) throw new Error("Blocks are missing");
    if (this.#isClosed) return;
    this.#fetched = found.map(({ value }) => value as Uint8Array);
  }

  #tell(): void {
    while (this.#fetched.length > 0 && this.#wantsMore()) {
      const block = this.#fetched.shift()!;
      this.#read++;
      this.#assembler.take(block, (data, isText) => {
        if (!this.#isClosed) this.#options.message(data, isText);
      });
    }
    if (!this.#isClosed) this.#options.advanced();
  }
}
