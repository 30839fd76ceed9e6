/**
 * Channels: ordered frames between two peers, whatever carries them.
 *
 * The protocol sees this interface and no transport. A channel keeps frames whole and
 * in order; it neither encrypts nor authenticates them. Every transport passes the tests
 * of `lib/testing/channel_suite.ts`.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";

/** Largest frame, in bytes, that is accepted before the peer has proved anything. */
export const MAX_FRAME_BYTES_BEFORE_AUTH = 64 * 1024;

/** Largest frame, in bytes, once the peer is confirmed: one record of 1 MiB and its overhead. */
export const MAX_FRAME_BYTES_AFTER_AUTH = 1024 * 1024 + 64;

/** Two-way, ordered, message-preserving. */
export interface Channel extends AsyncDisposable {
  /** Who is at the other end, for counting and for people: an address without its port, or a name. */
  readonly peer: string;

  /** Largest frame accepted from now on, in bytes; starts at {@linkcode MAX_FRAME_BYTES_BEFORE_AUTH}. */
  maxFrameBytes: number;

  /**
   * Sends one frame made of `parts`, in order.
   *
   * The parts may be reused once the promise has resolved, which is when the transport
   * has taken them: a slow peer slows the sender down. Frames leave in the order of the
   * calls.
   *
   * @throws {SpreadError} `PEER_GONE` when the peer has closed or the network is cut.
   */
  send(...parts: Uint8Array[]): Promise<void>;

  /**
   * The next frame, or `null` once the peer has closed between two frames.
   *
   * One call at a time. The frame stays as it is until the next call; who needs it for
   * longer copies it.
   *
   * @throws {SpreadError} `FRAME_TOO_LARGE` before any of such a frame is read;
   *   `PEER_GONE` when the peer closes in the middle of a frame or the network is cut.
   */
  receive(): Promise<Bytes | null>;

  /**
   * Closes at once; calls that wait, and all later ones, fail with `reason`.
   *
   * Closing in order (everything sent still arrives) is `Symbol.asyncDispose`.
   */
  abort(reason: Error): void;
}
