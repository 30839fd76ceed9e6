/**
 * Channels inside one process, for tests: each end receives what the other one sends.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import {
  type Channel,
  MAX_FRAME_BYTES_BEFORE_AUTH,
  type Traffic,
} from "../transports/channel.ts";
import { Notifier } from "../waiting.ts";

/** Frames that may wait at one end before `send()` makes the sender wait. */
const CAPACITY = 16;

/** Two connected channels. */
export function connectMemory(): [Channel, Channel] {
  const a = new MemoryChannel("memory-b");
  const b = new MemoryChannel("memory-a");
  a.connect(b);
  b.connect(a);
  return [a, b];
}

class MemoryChannel implements Channel {
  maxFrameBytes = MAX_FRAME_BYTES_BEFORE_AUTH;
  readonly traffic: Traffic = { received: 0, sent: 0 };
  readonly #inbox: Bytes[] = [];
  #other!: MemoryChannel;
  #open = true;
  #failure: Error | null = null;
  readonly #changed = new Notifier();

  constructor(readonly peer: string) {}

  connect(other: MemoryChannel): void {
    this.#other = other;
  }

  async send(...parts: Uint8Array[]): Promise<void> {
    const frame = concatBytes(...parts);
    const other = this.#other;
    this.#check();
    while (other.#open && other.#inbox.length >= CAPACITY) {
      await other.#changed.wait();
      this.#check();
    }
    if (!other.#open) throw peerGone();
    other.#inbox.push(frame);
    this.traffic.sent += frame.length;
    other.traffic.received += frame.length;
    other.#changed.notify();
  }

  async receive(): Promise<Bytes | null> {
    for (;;) {
      this.#check();
      const frame = this.#inbox.shift();
      if (frame !== undefined) {
        this.#changed.notify();
        if (frame.length <= this.maxFrameBytes) return frame;
        throw new SpreadError(
          "FRAME_TOO_LARGE",
          "Cannot accept a frame of this size",
          "",
        );
      }
      if (!this.#other.#open) return null;
      await this.#changed.wait();
    }
  }

  abort(reason: Error): void {
    this.#failure ??= reason;
    this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#failure ??= new SpreadError(
      "PEER_GONE",
      "The connection is closed",
      "",
    );
    this.#close();
    return Promise.resolve();
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #close(): void {
    this.#open = false;
    this.#changed.notify();
    this.#other.#changed.notify();
  }

  /** Wakes everyone who waits at this end. */
}

function peerGone(): SpreadError {
  return new SpreadError(
    "PEER_GONE",
    "The other side closed the connection",
    "",
  );
}
