/**
 * The outgoing half of a tunnel's end: messages on their way into blocks, and how far ahead
 * of the reader they may run.
 *
 * @module
 */

import { MAX_BLOCK_BYTES, type PackedBlock, Packer } from "./blocks.ts";

/** Bytes and blocks that may stand in KV before the other end has read them. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
const MAX_UNREAD_BLOCKS = 256;

/** Blocks of one commit: KV takes 800 KiB. */
const BLOCKS_PER_COMMIT = 11;

/** What one end sends. */
export class Outgoing {
  readonly #packer = new Packer();
  /** Lengths of the blocks that the other end has not read, oldest first. */
  #unread: number[] = [];
  #unreadBytes = 0;
  #read = 0;

  /** Bytes that wait to be written. */
  get queuedBytes(): number {
    return this.#packer.bytes;
  }

  /** Whether nothing waits to be written. */
  get isEmpty(): boolean {
    return this.#packer.isEmpty;
  }

  /** Blocks that the other end has read. */
  get read(): number {
    return this.#read;
  }

  /** Blocks that were taken to be written. */
  get wrote(): number {
    return this.#read + this.#unread.length;
  }

  push(data: Uint8Array, isText: boolean, onTaken: () => void): void {
    this.#packer.push(data, isText, onTaken);
  }

  /** Takes the blocks to write next; none when there are none, or too many are unread. */
  take(): PackedBlock[] {
    const blocks: PackedBlock[] = [];
    while (blocks.length < BLOCKS_PER_COMMIT && this.#hasRoom()) {
      const block = this.#packer.take();
      if (block === null) break;
      this.#unread.push(block.bytes.length);
      this.#unreadBytes += block.bytes.length;
      blocks.push(block);
    }
    return blocks;
  }

  /** Takes note of what the other end has read; news may come late, or claim too much. */
  acknowledge(read: number): void {
    const count = Math.min(read, this.wrote) - this.#read;
    if (count <= 0) return;
    this.#read += count;
    for (const length of this.#unread.splice(0, count)) {
      this.#unreadBytes -= length;
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#packer.clear();
  }

  #hasRoom(): boolean {
    return this.#unread.length < MAX_UNREAD_BLOCKS &&
      this.#unreadBytes + MAX_BLOCK_BYTES <= MAX_UNREAD_BYTES;
  }
}
