/**
 * One client's wire, with its liveness and its queue.
 *
 * Backpressure: when a client takes messages more slowly than its peer sends them, the relay
 * stops reading from the peer until the client has caught up.
 *
 * @module
 */

import type { MemoryLimit } from "../../limits/memory.ts";
import type { Wire } from "./wire.ts";

/**
 * Queued bytes of one client at or below which it has caught up: a quarter of
 * `HIGH_WATER_BYTES` of `limits/memory.ts`.
 */
export const LOW_WATER_BYTES = 256 * 1024;

/** Bytes of one message for which a client has the time after which it counts as stalled. */
const STALL_BYTES = 1024 * 1024;

/** One client's wire and its state. */
export class ClientWire {
  /** Whether a ping is unanswered. */
  #isAsked = false;
  #isPaused = false;
  /** The peer we stopped reading until this client catches up. */
  #waiting: ClientWire | null = null;
  /** Time since which the client has taken none of its queue; `null` when nobody waits for it. */
  #stalledMs: number | null = null;
  /** Lengths of the forwarded messages that the client has not taken yet, in their order. */
  #lengths: number[] = [];
  /** Index of the first of them; those before it have been taken. */
  #next = 0;
  #heldBytes = 0;
  #isGone = false;

  /** @param now Milliseconds that never go back. */
  constructor(
    private readonly wire: Wire,
    private readonly memory: MemoryLimit,
    private readonly now: () => number,
  ) {}

  /** Bytes held for this client when last counted: queued for it, or of a message arriving from it. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Counts the bytes held; nothing once the connection has ended. */
  count(): void {
    if (this.#isGone) return;
    this.#hold(this.wire.bufferedBytes + this.wire.incomingBytes);
  }

  #hold(bytes: number): void {
    this.memory.change(bytes - this.#heldBytes);
    this.#heldBytes = bytes;
  }

  /** Address of the other end. */
  get address(): string {
    return this.wire.address;
  }

  /** Sends one of the relay's own messages. */
  send(data: string, isText: boolean): void {
    this.wire.send(data, isText, () => this.count());
    this.count();
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.wire.terminate();
  }

  /** Whether more than {@linkcode LOW_WATER_BYTES} is still queued for the client. */
  get isBehind(): boolean {
    return this.wire.bufferedBytes > LOW_WATER_BYTES;
  }

  /** Notes a sign of life: the last ping counts as answered. */
  heard(): void {
    this.#isAsked = false;
  }

  /**
   * Sends a ping; `false` when the last one is unanswered.
   *
   * Skips a client that is not being read, since it cannot answer, and one with a long queue,
   * since its answer would be late: {@linkcode hasStalled} judges the latter.
   */
  ask(): boolean {
    if (this.#isPaused || this.#waiting !== null) return true;
    if (this.#isAsked) return false;
    this.#isAsked = true;
    this.wire.ping();
    return true;
  }

  /** Forwards a message to this client; pauses reading from `from` when too much is queued. */
  forward(data: Uint8Array, isText: boolean, from: ClientWire): void {
    this.#lengths.push(data.length);
    this.wire.send(data, isText, () => this.#drained());
    this.count();
    from.count();
    if (this.wire.bufferedBytes <= this.memory.highWaterBytes) return;
    if (from.#isPaused) return;
    from.#isPaused = true;
    from.wire.pause();
    this.#waiting = from;
    this.#stalledMs = this.now();
  }

  #drained(): void {
    this.#forgetLength();
    this.heard();
    this.count();
    if (this.#waiting === null) return;
    this.#stalledMs = this.now();
    const lowWaterBytes = this.memory.highWaterBytes / 4;
    if (this.wire.bufferedBytes <= lowWaterBytes) this.release();
  }

  /** Not by `shift()`, which moves all others: small messages may be tens of thousands. */
  #forgetLength(): void {
    if (2 * ++this.#next < this.#lengths.length) return;
    this.#lengths = this.#lengths.slice(this.#next);
    this.#next = 0;
  }

  /**
   * Whether the client has taken no message of its queue for `ms` milliseconds, or as many times
   * that as the next one has MiB: a wire does not tell how much of a message is taken.
   */
  hasStalled(ms: number): boolean {
    if (this.#stalledMs === null) return false;
    const times = Math.ceil((this.#lengths[this.#next] ?? 0) / STALL_BYTES);
    return this.now() - this.#stalledMs >= ms * Math.max(1, times);
  }

  /** Resumes reading from the peer that waited for this client. */
  release(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#stalledMs = null;
    if (waiting === null) return;
    waiting.#isPaused = false;
    waiting.heard();
    waiting.wire.resume();
  }

  /** Notes that the connection has ended. */
  leave(): void {
    this.#hold(0);
    this.#isGone = true;
    this.release();
  }

  /** Closes in order. */
  close(): void {
    this.release();
    // Without reading, the relay would never see the closing handshake.
    if (this.#isPaused) this.wire.resume();
    this.wire.close();
  }

  /** A wire for a directory; what the directory does with it updates this state too. */
  watched(): Wire {
    const { wire } = this;
    const pause = (isPaused: boolean) => {
      this.#isPaused = isPaused;
      this.heard();
      if (isPaused) wire.pause();
      else wire.resume();
    };
    return {
      address: wire.address,
      get bufferedBytes() {
        return wire.bufferedBytes;
      },
      get incomingBytes() {
        return wire.incomingBytes;
      },
      send: (data, isText, onTaken) => {
        wire.send(data, isText, () => {
          this.heard();
          this.count();
          onTaken?.();
        });
        this.count();
      },
      pause: () => pause(true),
      resume: () => pause(false),
      ping: () => wire.ping(),
      close: () => wire.close(),
      terminate: () => wire.terminate(),
    };
  }
}
