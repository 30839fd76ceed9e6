/**
 * Frames on a byte stream: a 4-byte big-endian length, then the body.
 *
 * Frames are neither secret nor authenticated. See docs/protocol.md, section 2.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";

/** Length of the prefix, in bytes. */
export const FRAME_PREFIX_BYTES = 4;

/** Reads into the array as much as is there, at least one byte; `null` at the end of the stream. */
export type ReadBytes = (into: Uint8Array) => Promise<number | null>;

/** Small frames are read together; large bodies go straight to their own array. */
const BUFFER_BYTES = 16 * 1024;

/** Cuts a byte stream into frames. */
export class FrameReader {
  readonly #read: ReadBytes;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #end = 0;

  constructor(read: ReadBytes) {
    this.#read = read;
  }

  /**
   * The next frame's body, or `null` when the stream ends between two frames.
   *
   * @param maxBytes Largest body accepted; nothing of a larger one is read or allocated.
   * @throws {SpreadError} `FRAME_TOO_LARGE`; `PEER_GONE` when the stream ends inside a frame.
   */
  async next(maxBytes: number): Promise<Bytes | null> {
    const prefix = new Uint8Array(FRAME_PREFIX_BYTES);
    const got = await this.#fill(prefix);
    if (got === 0) return null;
    if (got < FRAME_PREFIX_BYTES) throw cutInsideFrame();
    const length = new DataView(prefix.buffer).getUint32(0);
    if (length > maxBytes) {
      throw new SpreadError(
        "FRAME_TOO_LARGE",
        `Cannot accept a frame of ${length} bytes: at most ${maxBytes} are allowed here`,
        "The other side does not speak this protocol; check host and port",
      );
    }
    const body = new Uint8Array(length);
    if (await this.#fill(body) < length) throw cutInsideFrame();
    return body;
  }

  /** Fills `target` from the buffer and the stream; returns how much there was before the end. */
  async #fill(target: Uint8Array): Promise<number> {
    let at = 0;
    while (at < target.length) {
      if (this.#start < this.#end) {
        at += this.#takeBuffered(target, at);
      } else if (target.length - at >= BUFFER_BYTES) {
        const count = await this.#read(target.subarray(at));
        if (count === null) break;
        at += count;
      } else if (!(await this.#refill())) {
        break;
      }
    }
    return at;
  }

  #takeBuffered(target: Uint8Array, at: number): number {
    const count = Math.min(target.length - at, this.#end - this.#start);
    target.set(this.#buffer.subarray(this.#start, this.#start + count), at);
    this.#start += count;
    return count;
  }

  async #refill(): Promise<boolean> {
    const count = await this.#read(this.#buffer);
    this.#start = 0;
    this.#end = count ?? 0;
    return count !== null;
  }
}

/** Puts `parts` into `buffer` as one frame and returns the part of `buffer` that it fills. */
export function writeFrame(buffer: Bytes, parts: Uint8Array[]): Bytes {
  let at = FRAME_PREFIX_BYTES;
  for (const part of parts) {
    buffer.set(part, at);
    at += part.length;
  }
  new DataView(buffer.buffer, buffer.byteOffset).setUint32(
    0,
    at - FRAME_PREFIX_BYTES,
  );
  return buffer.subarray(0, at);
}

function cutInsideFrame(): SpreadError {
  return new SpreadError(
    "PEER_GONE",
    "The other side closed in the middle of a message",
    "Check that both machines are awake and on the network, then try again",
  );
}
