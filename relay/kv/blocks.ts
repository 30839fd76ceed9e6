/**
 * Blocks: messages cut and packed into values of Deno KV, and reassembled.
 *
 * A block is a sequence of pieces, each
 * `flags (1 byte) || length (2 bytes, big-endian) || bytes`. Several small messages share a
 * block, because KV charges for each value; a large one takes several.
 *
 * @module
 */

/** Largest block, in bytes: KV accepts values of up to 64 KiB. */
export const MAX_BLOCK_BYTES = 60 * 1024;

const HEAD_BYTES = 3;

/** Flag of the last piece of a message. */
const LAST = 1;
/** Flag of a text message. */
const TEXT = 2;

/** A block, and the callbacks to call once it is written. */
export interface PackedBlock {
  bytes: Uint8Array;
  taken: (() => void)[];
}

interface Outgoing {
  data: Uint8Array;
  isText: boolean;
  onTaken: () => void;
  /** Bytes that are already in blocks. */
  start: number;
}

/** Packs messages into blocks, in order. */
export class Packer {
  #messages: Outgoing[] = [];
  #bytes = 0;

  /** Bytes of messages that are not in a block yet. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /**
   * Adds a message.
   *
   * @param onTaken Callback of the block that holds the end of the message.
   */
  push(data: Uint8Array, isText: boolean, onTaken: () => void): void {
    this.#messages.push({ data, isText, onTaken, start: 0 });
    this.#bytes += data.length;
  }

  /** Makes one block, as full as possible; `null` when there is nothing to pack. */
  take(): PackedBlock | null {
    if (this.isEmpty) return null;
    const block = new Uint8Array(this.#nextLength());
    const taken: (() => void)[] = [];
    for (let at = 0; at < block.length;) {
      const message = this.#messages[taken.length]!;
      const length = pack(message, block.subarray(at));
      at += length;
      this.#bytes -= length - HEAD_BYTES;
      if (message.start === message.data.length) taken.push(message.onTaken);
    }
    this.#messages.splice(0, taken.length);
    return { bytes: block, taken };
  }

  /** Drops all messages. */
  clear(): void {
    this.#messages = [];
    this.#bytes = 0;
  }

  #nextLength(): number {
    let length = 0;
    for (const { data, start } of this.#messages) {
      // A piece without a byte of its message would waste its head.
      if (length + HEAD_BYTES >= MAX_BLOCK_BYTES) break;
      length += HEAD_BYTES + data.length - start;
      if (length >= MAX_BLOCK_BYTES) return MAX_BLOCK_BYTES;
    }
    return length;
  }
}

/**
 * Writes as much of a message as fits.
 *
 * @returns Length of the piece, head included.
 */
function pack(message: Outgoing, into: Uint8Array): number {
  const { data, isText, start } = message;
  const length = Math.min(data.length - start, into.length - HEAD_BYTES);
  message.start += length;
  const isLast = message.start === data.length;
  into[0] = (isLast ? LAST : 0) | (isText ? TEXT : 0);
  into[1] = length >> 8;
  into[2] = length & 0xff;
  into.set(data.subarray(start, start + length), HEAD_BYTES);
  return HEAD_BYTES + length;
}

/** Reassembles messages from blocks, in order. */
export class Assembler {
  #parts: Uint8Array[] = [];
  #bytes = 0;

  /** @param maxMessageBytes Largest message accepted. */
  constructor(private readonly maxMessageBytes: number) {}

  /**
   * Takes the next block and reports every message that it completes.
   *
   * @throws {RangeError} When the block is malformed or a message is too large.
   */
  take(
    block: Uint8Array,
    tell: (data: Uint8Array, isText: boolean) => void,
  ): void {
    for (let at = 0; at < block.length;) {
      if (block.length - at < HEAD_BYTES) throw new RangeError("A cut block");
      const flags = block[at]!;
      const end = at + HEAD_BYTES + (block[at + 1]! << 8 | block[at + 2]!);
      if (end > block.length) throw new RangeError("A cut block");
      this.#add(block.subarray(at + HEAD_BYTES, end));
      if ((flags & LAST) !== 0) tell(this.#join(), (flags & TEXT) !== 0);
      at = end;
    }
  }

  #add(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > this.maxMessageBytes) {
      throw new RangeError("A message is too large");
    }
    this.#parts.push(part);
  }

  #join(): Uint8Array {
    const message = new Uint8Array(this.#bytes);
    let at = 0;
    for (const part of this.#parts) {
      message.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.#bytes = 0;
    return message;
  }
}
