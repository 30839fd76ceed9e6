/**
 * The incoming half of a tunnel end: fetches blocks and delivers the messages in them.
 *
 * @module
 */

import { Assembler } from "./blocks.ts";
import type { Store } from "../store.ts";

/** Blocks fetched at once. */
const BLOCKS_PER_FETCH = 12;

/** Options of the incoming half. */
export interface IncomingOptions {
  store: Store;
  /** Returns the key of a block. */
  keyOf(index: number): Deno.KvKey;
  maxMessageBytes: number;
  message(data: Uint8Array, isText: boolean): void;
  /** Called after blocks have been read. */
  advanced(): void;
}

/** The messages that one end receives. */
export class Incoming {
  /** Blocks that the other end has written. */
  wrote = 0;
  readonly #options: IncomingOptions;
  readonly #assembler: Assembler;
  /** Blocks fetched whose messages are not delivered yet. */
  #fetched: Uint8Array[] = [];
  #read = 0;
  #isPaused = false;
  #isClosed = false;
  #isRunning = false;

  constructor(options: IncomingOptions) {
    this.#options = options;
    this.#assembler = new Assembler(options.maxMessageBytes);
  }

  /** Blocks read so far. */
  get read(): number {
    return this.#read;
  }

  /** Stops reading after the current block. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Allows reading again; {@linkcode run} does the reading. */
  resume(): void {
    this.#isPaused = false;
  }

  /** Delivers nothing from now on. */
  close(): void {
    this.#isClosed = true;
    this.#fetched = [];
  }

  /**
   * Reads all blocks written so far; does nothing when a run is under way. Rejects when KV fails,
   * a block is missing, or a message is too large.
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
