/**
 * The outgoing half of a tunnel end: packs messages into blocks, and limits how far it runs ahead
 * of the reader.
 *
 * @module
 */

import { MAX_BLOCK_BYTES, type PackedBlock, Packer } from "./blocks.ts";

/** Bytes and blocks that may be in KV before the other end has read them. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
const MAX_UNREAD_BLOCKS = 256;

/** Blocks in one commit: KV accepts up to 800 KiB. */
const BLOCKS_PER_COMMIT = 11;

/** The messages that one end sends. */
export class Outgoing {
  readonly #packer = new Packer();
  /** Lengths of the blocks that the other end has not read, oldest first. */
  #unread: number[] = [];
  #unreadBytes = 0;
  #read = 0;

  /** Bytes not written yet. */
  get queuedBytes(): number {
    return this.#packer.bytes;
  }

  /** Whether everything is written. */
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

  #hasRoom(): boolean {
    return this.#unread.length < MAX_UNREAD_BLOCKS &&
      this.#unreadBytes + MAX_BLOCK_BYTES <= MAX_UNREAD_BYTES;
  }
}
