/**
 * The sender's end of a room: a channel to one receiver.
 *
 * @module
 */

import { type Bytes, PIECE_COST_BYTES, totalLength } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import { Notifier, pause, unlessAborted } from "../../waiting.ts";
import {
  type Channel,
  MAX_FRAME_BYTES_BEFORE_AUTH,
  type Traffic,
} from "../channel.ts";
import { frameTooLarge } from "../frames.ts";

/** Bytes that may wait for the reader before we stop reading from the relay. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Time that a closing channel waits until the relay takes its release, in milliseconds. */
const LINGER_MS = 1_000;

/** The services of a room that a channel uses. */
export interface PeerLine {
  /** Copies the parts at once; resolves when the network has taken them. */
  send(parts: Uint8Array[]): Promise<void>;
  /**
   * Asks the relay to close the receiver's connection, after all that was sent, and to
   * connect the next.
   */
  release(): Promise<void>;
}

/** Channel to one receiver. */
export class PeerChannel implements Channel {
  maxFrameBytes = MAX_FRAME_BYTES_BEFORE_AUTH;
  readonly peer: string;
  readonly traffic: Traffic = { received: 0, sent: 0 };
  readonly #line: PeerLine;
  readonly #inbox: Bytes[] = [];
  /** Error for a frame that was too large to be kept; later ones are dropped. */
  #refusal: SpreadError | null = null;
  #waitingBytes = 0;
  #hasLeft = false;
  /** Reason for which the connection was lost; `null` when the receiver left in order. */
  #loss: SpreadError | null = null;
  #failure: Error | null = null;
  #released: Promise<void> | null = null;
  /** Aborted when nobody waits for the relay any more. */
  readonly #cutting = new AbortController();
  readonly #changed = new Notifier();

  constructor(readonly id: string, line: PeerLine) {
    this.peer = `${id} on the relay`;
    this.#line = line;
  }

  /** Whether the receiver is known to have left. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  async send(...parts: Uint8Array[]): Promise<void> {
    this.#check();
    if (this.#hasLeft) throw this.#loss ?? receiverLeft();
    await unlessAborted(this.#line.send(parts), this.#cutting.signal);
    this.traffic.sent += totalLength(parts);
    this.#check();
  }

  async receive(): Promise<Bytes | null> {
    for (;;) {
      this.#check();
      const frame = this.#inbox.shift();
      if (frame !== undefined) {
        this.#waitingBytes -= frame.length + PIECE_COST_BYTES;
        this.#changed.notify();
        return frame;
      }
      if (this.#refusal !== null) throw this.#refusal;
      if (this.#loss !== null) throw this.#loss;
      if (this.#hasLeft) return null;
      await this.#changed.wait();
    }
  }

  /** Queues a frame, unless it is too large; resolves when there is space for the next one. */
  async take(frame: Bytes): Promise<void> {
    if (this.#released !== null || this.#refusal !== null) return;
    this.traffic.received += frame.length;
    if (frame.length > this.maxFrameBytes) return this.refuse(frame.length);
    this.#inbox.push(frame);
    this.#waitingBytes += frame.length + PIECE_COST_BYTES;
    this.#changed.notify();
    while (
      this.#waitingBytes > MAX_WAITING_BYTES && this.#released === null
    ) await this.#changed.wait();
  }

  /** Refuses a frame that was too large to be kept: `receive()` throws `FRAME_TOO_LARGE`. */
  refuse(bytes: number): void {
    this.#refusal ??= frameTooLarge(bytes, this.maxFrameBytes);
    this.#changed.notify();
  }

  /** Notes that the receiver has left. @param loss The reason; `null` when it left in order. */
  leave(loss: SpreadError | null): void {
    this.#hasLeft = true;
    this.#loss ??= loss;
    this.#changed.notify();
  }

  abort(reason: Error): void {
    this.#failure ??= reason;
    void this.#release();
    this.#cutting.abort(reason);
  }

  /** Waits a second at most: the release stays queued all the same, behind all that was sent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#failure ??= receiverLeft();
    const released = new AbortController();
    const { signal } = released;
    void this.#release().then(() => released.abort());
    await pause(LINGER_MS, AbortSignal.any([signal, this.#cutting.signal]));
  }

  #release(): Promise<void> {
    // A lost connection has already released every receiver.
    this.#released ??= this.#line.release().catch(() => {});
    this.#changed.notify();
    return this.#released;
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure;
  }
}

function receiverLeft(): SpreadError {
  return new SpreadError(
    "PEER_GONE",
    "The other side closed the connection",
    "",
  );
}
