/**
 * A WebSocket message that arrives in one frame or in fragments, assembled within limits.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../../../bytes.ts";
import { type FrameHead, OPCODES } from "./frames.ts";

/** Largest message, in bytes: the largest frame of protocol 1, and space for a route. */
export const MAX_MESSAGE_BYTES = 10 * 1024 * 1024 + 64;

/** Most fragments of one message. */
const MAX_FRAGMENTS = 65_536;

/** A message that was longer than wanted, so that none of it was kept. */
export interface Dropped {
  droppedBytes: number;
}

/** A message that is arriving. */
export class ArrivingMessage {
  #opcode: number | null = null;
  #bytes: Bytes = new Uint8Array(0);
  #length = 0;
  #fragments = 0;
  #isUnwanted = false;

  get hasBegun(): boolean {
    return this.#opcode !== null;
  }

  /**
   * Returns space for the payload of the next frame; `null` when the message is longer than
   * `maxBytes`, so that the payload is to be discarded.
   *
   * @throws {RangeError} For a fragment out of order, and for a message above the limits.
   */
  begin(
    { opcode, isFinal, payloadBytes }: FrameHead,
    maxBytes: number,
  ): Uint8Array | null {
    if ((this.#opcode === null) === (opcode === OPCODES.more)) {
      throw new RangeError("A fragment is out of order");
    }
    this.#opcode ??= opcode;
    const start = this.#length;
    this.#length += payloadBytes;
    if (
      this.#length > MAX_MESSAGE_BYTES || ++this.#fragments > MAX_FRAGMENTS
    ) throw new RangeError("A message is too large");
    if (this.#length > maxBytes) this.#isUnwanted = true;
    if (this.#isUnwanted) return null;
    this.#grow(start, isFinal);
    return this.#bytes.subarray(start, this.#length);
  }

  /**
   * Returns the whole message, once its last frame has been read.
   *
   * @throws {RangeError} For text that is not UTF-8.
   */
  whole(): string | Bytes | Dropped {
    if (this.#isUnwanted) return { droppedBytes: this.#length };
    const bytes = this.#bytes.subarray(0, this.#length);
    return this.#opcode === OPCODES.text ? textOf(bytes) : bytes;
  }

  /** Makes space: twice what is needed now if more fragments follow, so that copying stays linear. */
  #grow(start: number, isLast: boolean): void {
    if (this.#length <= this.#bytes.length) return;
    const size = isLast
      ? this.#length
      : Math.min(MAX_MESSAGE_BYTES, 2 * this.#length);
    this.#bytes = start === 0 ? new Uint8Array(size) : concatBytes(
      this.#bytes.subarray(0, start),
      new Uint8Array(size - start),
    );
  }
}

function textOf(bytes: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch {
    throw new RangeError("A text is not UTF-8");
  }
}
