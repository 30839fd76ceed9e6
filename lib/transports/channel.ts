/**
 * Channels: ordered frames between two peers, over any transport.
 *
 * The protocol depends on this interface alone, not on a transport. A channel keeps frames
 * whole and in order; it neither encrypts nor authenticates them. Every transport passes
 * the tests of `lib/testing/channel_suite.ts`.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";

/** Largest frame accepted before the peer has proved anything, in bytes: all of them are small. */
export const MAX_FRAME_BYTES_BEFORE_AUTH = 128;

/** Largest frame once the peer is confirmed, in bytes: one record of 1 MiB and its overhead. */
export const MAX_FRAME_BYTES_AFTER_AUTH = 1024 * 1024 + 64;

/**
 * Bytes moved so far in each direction: signs of life. Those of a frame on its way count as
 * they move, where the transport sees them.
 */
export interface Traffic {
  received: number;
  sent: number;
}

/** Two-way, ordered, message-preserving. */
export interface Channel extends AsyncDisposable {
  /** The other end, for counting and for people: an address without its port, or a name. */
  readonly peer: string;

  /** Largest frame accepted from now on, in bytes; starts at {@linkcode MAX_FRAME_BYTES_BEFORE_AUTH}. */
  maxFrameBytes: number;

  readonly traffic: Readonly<Traffic>;

  /**
   * Sends one frame made of `parts`, in order.
   *
   * The promise resolves when the transport has taken the parts, so a slow peer slows the
   * sender down. The caller may then reuse them. Frames leave in the order of the calls.
   *
   * @throws {SpreadError} `PEER_GONE` when the peer has closed or the network is cut.
   */
  send(...parts: Uint8Array[]): Promise<void>;

  /**
   * Returns the next frame, or `null` once the peer has closed between two frames.
   *
   * One call at a time. The frame stays unchanged until the next call; a caller that needs
   * it longer copies it.
   *
   * @throws {SpreadError} `FRAME_TOO_LARGE` before the channel reads any of the body;
   *   `PEER_GONE` when the peer closes in the middle of a frame or the network is cut.
   */
  receive(): Promise<Bytes | null>;

  /**
   * Closes at once; pending and later calls fail with `reason`.
   *
   * Closing in order (everything sent still arrives) is `Symbol.asyncDispose`.
   */
  abort(reason: Error): void;
}
