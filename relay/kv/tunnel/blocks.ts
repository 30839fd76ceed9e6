/**
 * Blocks: messages cut and packed into values of Deno KV, and reassembled.
 *
 * A packed block is a sequence of pieces, each
 * `flags (1 byte) || length (2 bytes, big-endian) || bytes`. Several small messages share a
 * block, because KV charges for each value. A piece that fills a block has one of its own, so
 * that it is stored without a copy: the packed block holds its flags with a length of 0, and the
 * blocks of such pieces follow in their order.
 *
 * @module
 */

import { concatBytes, PIECE_COST_BYTES } from "../../../lib/bytes.ts";

/** Largest block, in bytes, which is KV's limit for a value. */
export const MAX_BLOCK_BYTES = 64 * 1024;

/** Least bytes left of a message that get a block of their own. */
const OWN_BLOCK_BYTES = 60 * 1024;

const HEAD_BYTES = 3;

/** Flag of the last piece of a message. */
const LAST = 1;
/** Flag of a text message. */
const TEXT = 2;
/** Flag of a piece that has a block of its own. */
const OWN_BLOCK = 4;

/** Blocks, and the callbacks of the messages that end in them. */
export interface Packed {
  blocks: Uint8Array[];
  taken: (() => void)[];
}

/** A message that is not yet in blocks as a whole. */
interface QueuedMessage {
  data: Uint8Array;
  isText: boolean;
  onTaken: () => void;
  /** Bytes that are already in blocks. */
  start: number;
}

/** A piece of a message. */
interface Piece {
  flags: number;
  bytes: Uint8Array;
}

/** Packs messages into blocks, in order. */
export class Packer {
  #messages: QueuedMessage[] = [];
  #bytes = 0;

  /** Memory of messages that are not in a block yet: their bytes, and a cost for each message. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /**
   * Adds a message, whose bytes must not change from now on.
   *
   * @param onTaken Callback of the blocks that hold the end of the message.
   */
  push(data: Uint8Array, isText: boolean, onTaken: () => void): void {
    this.#messages.push({ data, isText, onTaken, start: 0 });
    this.#bytes += data.length + PIECE_COST_BYTES;
  }

  /** Makes a packed block, as full as possible, and the blocks that follow it: `most` in all. */
  take(most: number): Packed {
    if (this.isEmpty || most < 1) return { blocks: [], taken: [] };
    const pieces: Piece[] = [];
    const own: Uint8Array[] = [];
    const taken: (() => void)[] = [];
    let spaceBytes = MAX_BLOCK_BYTES;
    while (taken.length < this.#messages.length) {
      const message = this.#messages[taken.length]!;
      const restBytes = message.data.length - message.start;
      const isOwn = restBytes >= OWN_BLOCK_BYTES && most > 1;
      if (isOwn && own.length + 1 === most) break;
      spaceBytes -= HEAD_BYTES;
      // A piece without a byte of its message would waste its head.
      if (spaceBytes < Math.min(1, restBytes)) break;
      const piece = cut(message, isOwn ? MAX_BLOCK_BYTES : spaceBytes);
      this.#bytes -= piece.bytes.length;
      if ((piece.flags & LAST) !== 0) {
        this.#bytes -= PIECE_COST_BYTES;
        taken.push(message.onTaken);
      }
      if (isOwn) own.push(piece.bytes);
      else spaceBytes -= piece.bytes.length;
      pieces.push(
        isOwn ? { flags: piece.flags | OWN_BLOCK, bytes: NOTHING } : piece,
      );
    }
    this.#messages.splice(0, taken.length);
    return { blocks: [pack(pieces), ...own], taken };
  }

  /** Drops all messages. */
  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
  }
}

const NOTHING = new Uint8Array(0);

/** Cuts the next piece, of at most `maxBytes`, off a message. */
function cut(message: QueuedMessage, maxBytes: number): Piece {
  const { data, isText, start } = message;
  const bytes = data.subarray(start, start + maxBytes);
  message.start += bytes.length;
  const isLast = message.start === data.length;
  return { flags: (isLast ? LAST : 0) | (isText ? TEXT : 0), bytes };
}

/** Makes a packed block. */
function pack(pieces: Piece[]): Uint8Array {
  const length = pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const block = new Uint8Array(length + HEAD_BYTES * pieces.length);
  let at = 0;
  for (const { flags, bytes } of pieces) {
    block[at] = flags;
    block[at + 1] = bytes.length >> 8;
    block[at + 2] = bytes.length & 0xff;
    block.set(bytes, at + HEAD_BYTES);
    at += HEAD_BYTES + bytes.length;
  }
  return block;
}

/** Reassembles messages from blocks, in order. */
export class Assembler {
  #parts: Uint8Array[] = [];
  #bytes = 0;
  /** The packed block taken last, and how much of it has been read. */
  #packed: Uint8Array = NOTHING;
  #at = 0;
  /** Flags of the piece that the next block is; `null` when that is a packed block. */
  #next: number | null = null;

  /** @param maxMessageBytes Largest message accepted. */
  constructor(private readonly maxMessageBytes: number) {}

  /**
   * Takes the next block and reports every message that it completes; the messages are parts of
   * the blocks.
   *
   * @throws {RangeError} When the block is malformed or a message is too large.
   */
  take(
    block: Uint8Array,
    tell: (data: Uint8Array, isText: boolean) => void,
  ): void {
    if (this.#next === null) {
      this.#packed = block;
      this.#at = 0;
    } else {
      this.#add(this.#next, block, tell);
      this.#next = null;
    }
    while (this.#next === null && this.#at < this.#packed.length) {
      this.#takePiece(tell);
    }
  }

  #takePiece(tell: (data: Uint8Array, isText: boolean) => void): void {
    const [flags, high, low] = this.#packed.subarray(this.#at);
    if (low === undefined) throw new RangeError("A cut block");
    const start = this.#at + HEAD_BYTES;
    this.#at = start + (high! << 8 | low);
    if (this.#at > this.#packed.length) throw new RangeError("A cut block");
    if ((flags! & OWN_BLOCK) !== 0) this.#next = flags!;
    else this.#add(flags!, this.#packed.subarray(start, this.#at), tell);
  }

  #add(
    flags: number,
    part: Uint8Array,
    tell: (data: Uint8Array, isText: boolean) => void,
  ): void {
    this.#bytes += part.length;
    if (this.#bytes > this.maxMessageBytes) {
      throw new RangeError("A message is too large");
    }
    this.#parts.push(part);
    if ((flags & LAST) !== 0) tell(this.#join(), (flags & TEXT) !== 0);
  }

  #join(): Uint8Array {
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    return parts.length === 1 ? parts[0]! : concatBytes(...parts);
  }
}
