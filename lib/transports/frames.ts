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

/** Reads as many bytes into the array as are there, at least one; `null` at the end of the stream. */
export type ReadBytes = (into: Uint8Array) => Promise<number | null>;

/**
 * Size of the buffer, in bytes, until larger frames come: enough for all but payload. It is
 * smaller still where no frame may be that large.
 */
const SMALL_BUFFER_BYTES = 4 * 1024;

/** Size of the buffer once larger frames come, in bytes: space for several in one read. */
const LARGE_BUFFER_BYTES = 1024 * 1024;

/** Cuts a byte stream into frames, without copying them. */
export class FrameReader {
  /** Bytes read so far, those of an unfinished frame included. */
  received = 0;
  readonly #read: ReadBytes;
  #buffer: Bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;

  constructor(read: ReadBytes) {
    this.#read = read;
  }

  /**
   * Returns the next frame's body, or `null` when the stream ends between two frames.
   *
   * The body is a part of the buffer and stays unchanged until the next call.
   *
   * @param maxBytes Largest body accepted; nothing is allocated for a larger one.
   * @throws {SpreadError} `FRAME_TOO_LARGE`; `PEER_GONE` when the stream ends inside a frame.
   */
  async next(maxBytes: number): Promise<Bytes | null> {
    this.#enlarge(Math.min(FRAME_PREFIX_BYTES + maxBytes, SMALL_BUFFER_BYTES));
    if (!(await this.#fill(FRAME_PREFIX_BYTES))) {
      if (this.#start === this.#end) return null;
      throw cutInsideFrame();
    }
    const length = new DataView(this.#buffer.buffer).getUint32(this.#start);
    if (length > maxBytes) throw frameTooLarge(length, maxBytes);
    if (!(await this.#fill(FRAME_PREFIX_BYTES + length))) {
      throw cutInsideFrame();
    }
    const start = this.#start + FRAME_PREFIX_BYTES;
    this.#start = start + length;
    return this.#buffer.subarray(start, start + length);
  }

  /** Reads until `count` bytes are there; `false` when the stream ends first. */
  async #fill(count: number): Promise<boolean> {
    while (this.#end - this.#start < count) {
      this.#makeRoom(count);
      const got = await this.#read(this.#buffer.subarray(this.#end));
      if (got === null) return false;
      this.received += got;
      this.#end += got;
    }
    return true;
  }

  /** Makes space for `count` bytes behind the unread ones. */
  #makeRoom(count: number): void {
    if (this.#start + count <= this.#buffer.length) return;
    if (count <= this.#buffer.length) this.#moveTo(this.#buffer);
    else this.#enlarge(Math.max(count, LARGE_BUFFER_BYTES));
  }

  /** Makes the buffer at least this large. */
  #enlarge(bytes: number): void {
    if (this.#buffer.length < bytes) this.#moveTo(new Uint8Array(bytes));
  }

  /** Moves the unread bytes to the front of `buffer`. */
  #moveTo(buffer: Bytes): void {
    const rest = this.#buffer.subarray(this.#start, this.#end);
    buffer.set(rest);
    this.#buffer = buffer;
    this.#end = rest.length;
    this.#start = 0;
  }
}

/** Error for a frame that is longer than its receiver accepts. */
export function frameTooLarge(length: number, maxBytes: number): SpreadError {
  return new SpreadError(
    "FRAME_TOO_LARGE",
    `Cannot accept a frame of ${length} bytes: at most ${maxBytes} are allowed here`,
    "Check host and port; the other side does not speak this protocol",
  );
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
    "The other side closed the connection in the middle of a message",
  );
}
