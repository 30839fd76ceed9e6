/**
 * Sharing through a relay: keeps a room open, and gives a channel to each receiver that
 * joins it, one after another.
 *
 * When the connection to the relay is lost, the sender resumes the room on whichever
 * instance answers. It replaces a room that has expired, or that the relay has forgotten,
 * with a new one. A plain relay cannot resume a room, so there the sender always creates a
 * new one.
 *
 * @module
 */

import type { FillRandom } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import { Notifier, pause } from "../../waiting.ts";
import { AnnouncedReceivers, type Receivers } from "./announced_receivers.ts";
import type { Channel } from "../channel.ts";
import { relayRefused } from "./errors.ts";
import {
  type CreatedRoom,
  createRoom,
  resumeRoom,
  type RoomPlace,
} from "./room_requests.ts";
import { RoutedReceivers } from "./routed/receivers.ts";
import type { RelaySocket } from "./socket.ts";

/** Shortest and longest pause between attempts to reconnect to the relay, in milliseconds. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;

/** A connection lost within this time, in milliseconds, counts as a failed attempt: pauses keep growing. */
const STEADY_MS = 10_000;

/** Lifetime, in milliseconds, below which a room counts as a short one. */
const SHORT_ROOM_MS = 60_000;

/** Most short rooms in a row: each has a new code, which somebody has to pass on. */
const MAX_SHORT_ROOMS = 10;

/**
 * State of a room: `new` when it has replaced a room with another code, `lost` while the sender
 * is reconnecting, `ended` when only the local network is left to the share.
 */
export type RoomState = "open" | "new" | "lost" | "ended";

/** Events of an open room; an error of a handler ends the room, and whoever iterates gets it. */
export interface RoomEvents {
  /**
   * The sender is reconnecting. The code of `reason` is `NO_ROOM` when the room has expired, so
   * that a new one will replace it.
   */
  lost(reason: SpreadError): void;
  /** The connection is back. `isNew`: a new room, with another code, has replaced the earlier one. */
  found(room: { roomCode: string; isNew: boolean }): void;
  /** The share has no room any more, because the relay breaks the protocol or keeps ending rooms. */
  ended(reason: SpreadError): void;
}

/** Options for opening a room. */
export interface RoomOptions extends RoomPlace {
  fillRandom: FillRandom;
  signal: AbortSignal;
  events: RoomEvents;
  /** Called once the relay is reached, before we ask it for the room. */
  onReached?: () => void;
}

/** A room of ours, iterable over the receivers that join. */
export class SenderRoom implements AsyncDisposable {
  readonly #options: RoomOptions;
  readonly #ending = new AbortController();
  readonly #arrivals: Channel[] = [];
  readonly #arrived = new Notifier();
  #socket!: RelaySocket;
  #receivers!: Receivers;
  #code: string;
  #token: string | undefined;
  #ttlS: number | undefined;
  #usedSinceMs = 0;
  #madeMs = performance.now();
  #shortRooms = 0;
  #attempts = 0;
  #state: RoomState = "open";
  #pausing = new AbortController();
  #peers = 0;
  #isOver = false;
  readonly #running: Promise<void>;

  private constructor(
    options: RoomOptions,
    socket: RelaySocket,
    created: CreatedRoom,
  ) {
    this.#options = options;
    this.#code = created.room_id;
    this.#token = created.resume_token;
    this.#ttlS = created.ttl_s;
    this.#use(socket);
    this.#running = this.#run().finally(() => {
      this.#isOver = true;
      this.#arrived.notify();
    });
    this.#running.catch(() => {});
  }

  /**
   * Creates a room.
   *
   * @throws {SpreadError} `RELAY_UNREACHABLE`, `RELAY_BUSY`, `PEER_GONE`, `BAD_MESSAGE` when
   *   the other end is not a relay, or its room code cannot be typed; the signal's reason.
   */
  static async open(options: RoomOptions): Promise<SenderRoom> {
    const { signal, onReached } = options;
    const [socket, created] = await createRoom(options, signal, onReached);
    return new SenderRoom(options, socket, created);
  }

  /** The code that receivers type; not secret. */
  get roomCode(): string {
    return this.#code;
  }

  /**
   * Whether the relay is a plain one: it forwards, and does not keep a room for a sender
   * that was cut off.
   */
  get isPlain(): boolean {
    return this.#socket.isPlain;
  }

  get state(): RoomState {
    return this.#state;
  }

  /**
   * Checks the connection, because the network has changed: a dead one is noticed within
   * seconds, and the next attempt to reconnect is made at once.
   */
  check(): void {
    this.#attempts = 0;
    this.#pausing.abort();
    this.#socket.check();
  }

  /** Lifetime of the room in seconds; `undefined` when the relay did not state it. */
  get ttlS(): number | undefined {
    return this.#ttlS;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Channel> {
    for (;;) {
      const channel = this.#arrivals.shift();
      if (channel !== undefined) yield channel;
      else if (this.#isOver) return await this.#running;
      else await this.#arrived.wait();
    }
  }

  /** Closes the room; the relay forgets it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#isOver = true;
    await this.#socket[Symbol.asyncDispose]();
    await this.#running.catch(() => {});
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const failure = await this.#pump();
      this.#receivers.lose(failure);
      if (this.#isOver) break;
      if (isFinal(failure)) this.#end(failure);
      else await this.#comeBack(failure);
    }
  }

  /** Handles messages until the connection ends; returns the reason of the end. */
  async #pump(): Promise<SpreadError> {
    try {
      for (;;) {
        const incoming = await this.#socket.receive();
        if (incoming === null) throw relayRefused("closed");
        await this.#receivers.take(incoming);
      }
    } catch (error) {
      this.#socket.abort(error as Error);
      return asSpreadError(error);
    }
  }

  async #comeBack(loss: SpreadError): Promise<void> {
    const { events } = this.#options;
    const [code, stateBefore] = [this.#code, this.#state];
    this.#state = "lost";
    events.lost(loss);
    if (loss.code === "NO_ROOM") this.#token = undefined;
    const isSteady = performance.now() - this.#usedSinceMs > STEADY_MS;
    if (isSteady) this.#attempts = 0;
    while (!this.#isOver) {
      await this.#pause(this.#attempts++);
      if (this.#isOver) return;
      try {
        if (!(await this.#resume())) await this.#replace();
      } catch (error) {
        if (this.#isOver) return;
        const failure = asSpreadError(error);
        if (!isFinal(failure)) continue;
        return this.#end(failure);
      }
      const isNew = this.#code !== code;
      this.#state = isNew ? "new" : stateBefore;
      return events.found({ roomCode: this.#code, isNew });
    }
  }

  /** Resumes our room; `false` when the relay does not know it. */
  async #resume(): Promise<boolean> {
    if (this.#token === undefined) return false;
    const { signal } = this.#ending;
    const room = { code: this.#code, token: this.#token };
    const socket = await resumeRoom(this.#options, room, signal);
    if (socket !== null) this.#use(socket);
    return socket !== null;
  }

  /**
   * Replaces our room with a new one.
   *
   * @throws {SpreadError} `BAD_MESSAGE` when the relay keeps ending rooms.
   */
  async #replace(): Promise<void> {
    const isShort = performance.now() - this.#madeMs < SHORT_ROOM_MS;
    this.#shortRooms = isShort ? this.#shortRooms + 1 : 0;
    if (this.#shortRooms > MAX_SHORT_ROOMS) throw keepsNoRoom();
    const { signal } = this.#ending;
    const [socket, created] = await createRoom(this.#options, signal);
    this.#code = created.room_id;
    this.#token = created.resume_token;
    this.#ttlS = created.ttl_s;
    this.#madeMs = performance.now();
    this.#use(socket);
  }

  #use(socket: RelaySocket): void {
    this.#socket = socket;
    this.#usedSinceMs = performance.now();
    const onArrival = (channel: Channel) => {
      this.#arrivals.push(channel);
      this.#arrived.notify();
    };
    this.#receivers = socket.isPlain
      ? new RoutedReceivers(socket, () => ++this.#peers, onArrival)
      : new AnnouncedReceivers(socket, onArrival, this.#ending.signal);
    const receivers = this.#receivers;
    socket.wantedBytes = () => receivers.wantedBytes;
    if (!socket.isPlain) socket.keepAlive();
    // The room was closed while this connection was being made.
    if (this.#isOver) socket.abort(relayRefused("closed"));
  }

  #end(reason: SpreadError): void {
    this.#isOver = true;
    this.#state = "ended";
    this.#options.events.ended(reason);
  }

  /** Waits longer each time, by a random part, so that senders of one relay come back at different times. */
  async #pause(attempt: number): Promise<void> {
    const [random] = this.#options.fillRandom(new Uint8Array(1));
    const ms = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) *
      (0.5 + random! / 512);
    this.#pausing = new AbortController();
    const { signal } = this.#pausing;
    await pause(ms, AbortSignal.any([this.#ending.signal, signal]));
  }
}

/** Turns any failure into an error to report, so that it ends the room and not the share. */
function asSpreadError(error: unknown): SpreadError {
  if (error instanceof SpreadError) return error;
  return new SpreadError("BAD_MESSAGE", "The relay cannot be used", "", {
    cause: error,
  });
}

function keepsNoRoom(): SpreadError {
  return new SpreadError(
    "BAD_MESSAGE",
    "The relay keeps ending the rooms that it has just made",
    "Use another relay, or the local network",
  );
}

/** Whether trying again would be useless. */
function isFinal(error: SpreadError): boolean {
  return error.code === "BAD_MESSAGE" || error.code === "FRAME_TOO_LARGE";
}
