/**
 * Secure channels: records on a channel, after the handshake.
 *
 * Encrypts several records at once, because encryption runs off the main thread; keeps a
 * silent connection alive, and notices a peer that has vanished.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import {
  type PlainRecord,
  RecordOpener,
  RecordSealer,
} from "../crypto/records.ts";
import { SpreadError } from "../errors.ts";
import {
  type Channel,
  MAX_FRAME_BYTES_AFTER_AUTH,
  type Traffic,
} from "../transports/channel.ts";
import { Notifier } from "../waiting.ts";
import { ANSWER_MS, Pace, STEP_BYTES, tooLittle } from "./deadline.ts";
import { RECORD } from "./transfer/record_types.ts";

/** Records decrypted ahead of the reader. */
export const RECORDS_IN_FLIGHT = 4;

/** Time between keep-alive records, in milliseconds. */
export const KEEP_ALIVE_MS = 15_000;

/** Time without any byte after which the peer counts as vanished, in milliseconds. */
export const SILENCE_MS = 45_000;

/** Largest part of a payload in one record, in bytes, until the link is known to be fast. */
export const FIRST_DATA_BYTES = 16 * 1024;

/**
 * Longest that a side which stops waits until the other one has heard of it, in milliseconds:
 * records that were sent before come first, over a slow link or to a busy machine.
 */
export const STOP_MS = 5_000;

/** Timing of a secure channel; tests change it. */
export interface SecureChannelOptions {
  keepAliveMs?: number;
  silenceMs?: number;
  answerMs?: number;
  firstDataBytes?: number;
}

/** An ordered, encrypted, authenticated exchange of records with a confirmed peer. */
export class SecureChannel implements AsyncDisposable {
  readonly #channel: Channel;
  readonly #sealer: RecordSealer;
  readonly #opener: RecordOpener;
  /** See {@linkcode ANSWER_MS} and {@linkcode FIRST_DATA_BYTES}. */
  readonly answerMs: number;
  readonly firstDataBytes: number;
  readonly #silenceMs: number;
  readonly #silence: Pace;
  readonly #opening: Promise<PlainRecord | null>[] = [];
  #taken: Promise<PlainRecord | null> = Promise.resolve(null);
  readonly #keepAlive: ReturnType<typeof setInterval>;
  #seed: Bytes | null;
  #isReading = false;
  #isAtEnd = false;
  #failure: Error | null = null;
  readonly #arrived = new Notifier();
  #lastSend: Promise<void> = Promise.resolve();

  /**
   * @param sealing Key of our own direction. @param opening Key of the peer's direction.
   * @param seed Seed of a pair, 32 bytes, if the two are about to become one.
   */
  constructor(
    channel: Channel,
    sealing: CryptoKey,
    opening: CryptoKey,
    options: SecureChannelOptions = {},
    seed: Bytes | null = null,
  ) {
    this.#channel = channel;
    this.#seed = seed;
    this.#sealer = new RecordSealer(sealing);
    this.#opener = new RecordOpener(opening);
    this.#silenceMs = options.silenceMs ?? SILENCE_MS;
    this.answerMs = options.answerMs ?? ANSWER_MS;
    this.firstDataBytes = options.firstDataBytes ?? FIRST_DATA_BYTES;
    channel.maxFrameBytes = MAX_FRAME_BYTES_AFTER_AUTH;
    this.#silence = new Pace({
      moved: () => channel.traffic.received,
      stepBytes: 1,
      limitMs: this.#silenceMs,
      onTooSlow: () => this.abort(vanished()),
    });
    // The other side is called silent only while this side reads from it.
    this.#silence.isPeersTurn = false;
    this.#keepAlive = setInterval(
      () => this.send(RECORD.keepAlive, new Uint8Array(0)).catch(() => {}),
      options.keepAliveMs ?? KEEP_ALIVE_MS,
    );
  }

  /** Name of the peer at the other end. */
  get peer(): string {
    return this.#channel.peer;
  }

  get traffic(): Readonly<Traffic> {
    return this.#channel.traffic;
  }

  /** Returns the seed of a pair, and forgets it. @throws {TypeError} When there is none. */
  takeSeed(): Bytes {
    const seed = this.#seed;
    if (seed === null) throw new TypeError("The channel has no seed");
    this.#seed = null;
    return seed;
  }

  /**
   * Watches the transfer of a payload, until disposed of: ends the connection when too little
   * of it moves.
   *
   * @param moved Bytes moved so far. @param limitMs Time for each {@linkcode STEP_BYTES}.
   */
  keepPace(moved: () => number, limitMs = this.answerMs): Pace {
    const onTooSlow = () => this.abort(tooLittle(limitMs));
    return new Pace({ moved, stepBytes: STEP_BYTES, limitMs, onTooSlow });
  }

  /**
   * Seals and sends one record; records leave in the order of the calls.
   *
   * Several calls may run at once; the caller may reuse `body` once the promise has
   * resolved.
   *
   * @throws {SpreadError} `PEER_GONE`.
   */
  send(type: number, body: Bytes): Promise<void> {
    const sending = this.#sealAndSend(type, body, this.#lastSend);
    // One that failed at once is not the last to be sent: closing waits for that.
    if (this.#failure === null) this.#lastSend = sending;
    sending.catch(() => {});
    return sending;
  }

  async #sealAndSend(
    type: number,
    body: Bytes,
    before: Promise<void>,
  ): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    const parts = await this.#sealer.seal(type, body);
    await before;
    await this.#channel.send(...parts);
    // Frees the memory at once; the garbage collector would let tens of megabytes pile
    // up.
    parts[1].buffer.transfer(0);
  }

  /**
   * The next record that is not a keep-alive.
   *
   * @throws {SpreadError} `PEER_STOPPED` when the peer says so, `PEER_GONE` when it closed
   *   without a word, `PEER_SILENT`, `RECORD_REFUSED`, `FRAME_TOO_LARGE`.
   */
  async receive(): Promise<PlainRecord> {
    try {
      for (;;) {
        const record = await this.#next();
        // After an abort, records that were read ahead are withheld.
        if (this.#failure !== null) throw this.#failure;
        if (record === null) throw closedEarly();
        if (record.type === RECORD.stop) throw stopped();
        if (record.type !== RECORD.keepAlive) return record;
      }
    } catch (error) {
      this.#failure ??= error as Error;
      throw this.#failure;
    }
  }

  async #next(): Promise<PlainRecord | null> {
    if (this.#failure !== null) throw this.#failure;
    this.#readAhead();
    while (this.#opening.length === 0) await this.#arrived.wait();
    this.#taken = this.#opening.shift()!;
    return await this.#taken;
  }

  /**
   * Waits until the peer has closed, and discards what it still sends; errors count as
   * closed. A peer that takes longer than the silence limit is cut off.
   */
  async waitForClose(): Promise<void> {
    const patience = setTimeout(() => this.abort(vanished()), this.#silenceMs);
    try {
      for (;;) await this.receive();
    } catch {
      // Closed, one way or another.
    } finally {
      clearTimeout(patience);
    }
  }

  /**
   * Tells the peer that we stop, after the records sent so far, and closes in order; at once
   * if that takes longer than {@linkcode STOP_MS}. Pending and later calls fail with `reason`.
   */
  async stop(reason: Error): Promise<void> {
    if (this.#failure !== null) return;
    const goodbye = this.send(RECORD.stop, new Uint8Array(0));
    this.#failure = reason;
    this.#stopTimers();
    const patience = setTimeout(() => this.#channel.abort(reason), STOP_MS);
    await goodbye.catch(() => {});
    await this.#channel[Symbol.asyncDispose]();
    clearTimeout(patience);
  }

  /** Closes at once; pending and later calls fail with `reason`. */
  abort(reason: Error): void {
    this.#failure ??= reason;
    this.#stopTimers();
    this.#channel.abort(reason);
  }

  /** Closes in order: records that were sent still arrive. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#failure ??= closedHere();
    this.#stopTimers();
    // A peer that neither reads nor closes would keep us waiting forever.
    const patience = setTimeout(() => this.abort(vanished()), this.#silenceMs);
    await this.#lastSend.catch(() => {});
    clearTimeout(patience);
    await this.#channel[Symbol.asyncDispose]();
    await Promise.allSettled([this.#taken, ...this.#opening]);
  }

  /**
   * Reads frames until enough of them are being decrypted; each `receive()` makes space for
   * one more.
   */
  async #readAhead(): Promise<void> {
    if (this.#isReading || this.#isAtEnd) return;
    this.#isReading = true;
    while (!this.#isAtEnd && this.#opening.length < RECORDS_IN_FLIGHT) {
      this.#silence.isPeersTurn = true;
      const frame = await this.#channel.receive().catch((error: Error) =>
        error
      );
      this.#silence.isPeersTurn = false;
      this.#push(frame);
    }
    this.#isReading = false;
  }

  #push(frame: Bytes | Error | null): void {
    if (frame instanceof Uint8Array) {
      this.#opening.push(this.#opener.open(frame));
    } else {
      this.#isAtEnd = true;
      this.#opening.push(
        frame === null ? Promise.resolve(null) : Promise.reject(frame),
      );
    }
    // A failure surfaces at the receive() of its own record, not before.
    this.#opening.at(-1)!.catch(() => {});
    this.#arrived.notify();
  }

  #stopTimers(): void {
    clearInterval(this.#keepAlive);
    this.#silence[Symbol.dispose]();
  }
}

function closedEarly(): SpreadError {
  return new SpreadError(
    "PEER_GONE",
    "The other side closed the connection before the transfer was complete",
  );
}

function stopped(): SpreadError {
  return new SpreadError("PEER_STOPPED", "The other side has stopped", "");
}

function closedHere(): SpreadError {
  return new SpreadError("PEER_GONE", "The connection is closed", "");
}

function vanished(): SpreadError {
  return new SpreadError(
    "PEER_SILENT",
    "The other side has stopped answering",
  );
}
