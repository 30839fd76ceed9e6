/**
 * One client's wire, with its signs of life and what waits for it.
 *
 * A client that takes its messages more slowly than the other side sends them has the other
 * side wait: it is not read until enough has been taken.
 *
 * @module
 */

import type { Wire } from "./wire.ts";

/** Bytes waiting for one client at which the other side is no longer read, and is read again. */
export const HIGH_WATER_BYTES = 1024 * 1024;
export const LOW_WATER_BYTES = 256 * 1024;

/** One client's wire, and the state of it. */
export class ClientWire {
  /** Whether it has been asked for a sign of life and has not given one. */
  #isAsked = false;
  #isPaused = false;
  /** The peer we stopped reading until this client catches up. */
  #waiting: ClientWire | null = null;
  /** Since when it has taken nothing, while something waits for it. */
  #stalledMs: number | null = null;

  /** @param now Milliseconds that never go back. */
  constructor(
    private readonly wire: Wire,
    private readonly now: () => number,
  ) {}

  /** Bytes sent that the network has not taken yet. */
  get bufferedBytes(): number {
    return this.wire.bufferedBytes;
  }

  /** Where the other end is. */
  get address(): string {
    return this.wire.address;
  }

  /** Sends one message of the relay's own. */
  send(data: string, isText: boolean): void {
    this.wire.send(data, isText);
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.wire.terminate();
  }

  /** Whether it has much to take before it hears of anything more. */
  get isBehind(): boolean {
    return this.wire.bufferedBytes > LOW_WATER_BYTES;
  }

  /** The client has shown that it lives. */
  heard(): void {
    this.#isAsked = false;
  }

  /**
   * Asks for a sign of life; `false` when the client gave none to the last call.
   *
   * One that is not read cannot show that it lives, and one that has much to take first shows
   * it late: that one is measured by what it takes.
   */
  ask(): boolean {
    if (this.#isPaused || this.#waiting !== null) return true;
    if (this.#isAsked) return false;
    this.#isAsked = true;
    this.wire.ping();
    return true;
  }

  /**
   * Hands a message on to this client; when too much waits for it, `from` is no longer read.
   *
   * @returns Whether no more than `maxBytes` wait for it.
   */
  forward(
    data: Uint8Array,
    isText: boolean,
    from: ClientWire,
    maxBytes: number,
  ): boolean {
    this.wire.send(data, isText, () => this.#drained());
    if (this.wire.bufferedBytes > maxBytes) return false;
    if (this.wire.bufferedBytes > HIGH_WATER_BYTES && !from.#isPaused) {
      from.#isPaused = true;
      from.wire.pause();
      this.#waiting = from;
      this.#stalledMs = this.now();
    }
    return true;
  }

  #drained(): void {
    this.heard();
    if (this.#waiting === null) return;
    this.#stalledMs = this.now();
    if (!this.isBehind) this.release();
  }

  /** Whether it has taken nothing for `ms` milliseconds, while something waits for it. */
  hasStalled(ms: number): boolean {
    return this.#stalledMs !== null && this.now() - this.#stalledMs >= ms;
  }

  /** Reads the peer again that waited for this client. */
  release(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#stalledMs = null;
    if (waiting === null) return;
    waiting.#isPaused = false;
    waiting.heard();
    waiting.wire.resume();
  }

  /** Closes in order. */
  close(): void {
    this.release();
    // Reading goes on, or the closing handshake would never be seen.
    if (this.#isPaused) this.wire.resume();
    this.wire.close();
  }

  /** The wire, for a directory: what it does there shows here. */
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
      send: (data, isText, onTaken) =>
        wire.send(data, isText, () => {
          this.heard();
          onTaken?.();
        }),
      pause: () => pause(true),
      resume: () => pause(false),
      ping: () => wire.ping(),
      close: () => wire.close(),
      terminate: () => wire.terminate(),
    };
  }
}
