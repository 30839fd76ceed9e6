/**
 * The outgoing half of a tunnel end: packs messages into blocks, and limits how far it runs ahead
 * of the reader.
 *
 * @module
 */

import { MAX_BLOCK_BYTES, type Packed, Packer } from "./blocks.ts";

/** Bytes and blocks that may be in KV before the other end has read them. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
const MAX_UNREAD_BLOCKS = 256;

/** Blocks in one commit: 768 KiB at most, of the 800 that KV accepts. */
const BLOCKS_PER_COMMIT = 12;

/** The messages that one end sends. */
export class Outgoing {
  readonly #packer = new Packer();
  /** Lengths of the blocks that the other end has not read, oldest first. */
  #unread: number[] = [];
  #unreadBytes = 0;
  #read = 0;

  /** Memory of messages that are not in blocks yet. */
  get queuedBytes(): number {
    return this.#packer.bytes;
  }

  /** Whether everything is in blocks. */
  get isEmpty(): boolean {
    return this.#packer.isEmpty;
  }

  /** Blocks that the other end has read. */
  get read(): number {
    return this.#read;
  }

  /** Blocks taken to be written. */
  get wrote(): number {
    return this.#read + this.#unread.length;
  }

  push(data: Uint8Array, isText: boolean, onTaken: () => void): void {
    this.#packer.push(data, isText, onTaken);
  }

  /** Takes the blocks to write next; none when nothing is queued, or too many are unread. */
  take(): Packed {
    const packed = this.#packer.take(this.#freeBlocks);
    for (const { length } of packed.blocks) {
      this.#unread.push(length);
      this.#unreadBytes += length;
    }
    return packed;
  }

  /** Notes how many blocks the other end has read. The count may be late or too high. */
  acknowledge(read: number): void {
    const count = Math.min(read, this.wrote) - this.#read;
    if (count <= 0) return;
    this.#read += count;
    for (const length of this.#unread.splice(0, count)) {
      this.#unreadBytes -= length;
    }
  }

  /** Drops all queued messages. */
  clear(): void {
    this.#packer.clear();
  }

  /** Blocks of the largest size that may be written now. */
  get #freeBlocks(): number {
    const freeBytes = MAX_UNREAD_BYTES - this.#unreadBytes;
    return Math.min(
      BLOCKS_PER_COMMIT,
      MAX_UNREAD_BLOCKS - this.#unread.length,
      Math.floor(freeBytes / MAX_BLOCK_BYTES),
    );
  }
}
