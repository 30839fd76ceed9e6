/**
 * Sharing through a relay: keeps a room open, and gives a channel to each receiver that
 * joins it, one after another.
 *
 * When the connection to the relay is lost, the sender resumes the room on whichever
 * instance answers. It replaces a room that the relay has forgotten with a new one. A plain
 * relay cannot resume a room, so there the sender always creates a new one.
 *
 * @module
 */

import type { FillRandom } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import { Notifier, pause } from "../../waiting.ts";
import { RELAY_PROTOCOL, type RelayMessage } from "../../relay_messages.ts";
import { isRoomCode } from "../../room_code.ts";
import { AnnouncedReceivers, type Receivers } from "./announced_receivers.ts";
import type { Channel } from "../channel.ts";
import { relayRefused } from "./errors.ts";
import { RelaySocket } from "./socket.ts";
import { wordOf } from "./receiver_room.ts";
import { RoutedReceivers } from "./routed_receivers.ts";

/** Shortest and longest pause between attempts to reconnect to the relay, in milliseconds. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 15_000;

/** A connection lost within this time, in milliseconds, does not count: the pauses keep growing. */
const STEADY_MS = 10_000;

/** Events of an open room. */
export interface RoomEvents {
  /** The connection to the relay was lost; the sender is reconnecting. */
  lost(): void;
  /** The connection is back. `isNew`: a new room, with another code, has replaced the earlier one. */
  found(room: { roomCode: string; isNew: boolean }): void;
  /** The room has ended: it expired, or the relay refuses to have us back. */
  ended(reason: SpreadError): void;
}

/** Options for opening a room. */
export interface RoomOptions {
  /** Address of the relay. */
  url: string;
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
  #attempts = 0;
  #peers = 0;
  #isOver = false;
  readonly #running: Promise<void>;

  private constructor(
    options: RoomOptions,
    socket: RelaySocket,
    created: RoomCreated,
  ) {
    this.#options = options;
    this.#code = created.room_id;
    this.#token = created.resume_token;
    this.#ttlS = created.ttl_s;
    this.#use(socket);
    this.#running = this.#run();
  }

  /**
   * Creates a room.
   *
   * @throws {SpreadError} `RELAY_UNREACHABLE`, `RELAY_BUSY`, `PEER_GONE`, `BAD_MESSAGE` when
   *   the other end is not a relay, or its room code cannot be typed; the signal's reason.
   */
  static async open(options: RoomOptions): Promise<SenderRoom> {
    const [socket, created] = await create(options);
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

  /** Lifetime of the room in seconds; `undefined` when the relay did not state it. */
  get ttlS(): number | undefined {
    return this.#ttlS;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Channel> {
    for (;;) {
      const channel = this.#arrivals.shift();
      if (channel !== undefined) yield channel;
      else if (this.#isOver) return;
      else await this.#arrived.wait();
    }
  }

  /** Closes the room; the relay forgets it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.#isOver = true;
    await this.#socket[Symbol.asyncDispose]();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const failure = await this.#pump();
      this.#receivers.lose(failure);
      if (this.#isOver) break;
      if (isFinal(failure)) this.#end(failure);
      else await this.#comeBack();
    }
    this.#arrived.notify();
  }

  /** Handles messages until the connection ends; returns the reason of the end. */
  async #pump(): Promise<SpreadError> {
    try {
      for (;;) {
        const incoming = await this.#socket.receive();
        if (incoming === null) return relayRefused("closed");
        await this.#receivers.take(incoming);
      }
    } catch (error) {
      this.#socket.abort(error as Error);
      return asSpreadError(error);
    }
  }

  async #comeBack(): Promise<void> {
    const { events } = this.#options;
    events.lost();
    const isSteady = performance.now() - this.#usedSinceMs > STEADY_MS;
    if (isSteady) this.#attempts = 0;
    while (!this.#isOver) {
      await this.#pause(this.#attempts++);
      if (this.#isOver) return;
      try {
        const isNew = !(await this.#resume()) && await this.#replace();
        events.found({ roomCode: this.#code, isNew });
        return;
      } catch (error) {
        if (this.#isOver) return;
        const failure = asSpreadError(error);
        if (isFinal(failure)) return this.#end(failure);
      }
    }
  }

  /** Resumes our room; `false` when the relay does not know it. */
  async #resume(): Promise<boolean> {
    if (this.#token === undefined) return false;
    const { signal } = this.#ending;
    const socket = await RelaySocket.open(this.#options.url, signal);
    const onEnd = () => socket.abort(relayRefused("closed"));
    signal.addEventListener("abort", onEnd, { once: true });
    try {
      await socket.say({
        type: "RESUME_ROOM",
        room_id: this.#code,
        resume_token: this.#token,
        protocol: RELAY_PROTOCOL,
      });
      const word = wordOf(await socket.answer());
      if (word.type === "ROOM_RESUMED") {
        this.#use(socket);
        return true;
      }
      if (word.type === "ERROR" && word.reason !== "room_not_found") {
        throw relayRefused(word.reason);
      }
      await socket[Symbol.asyncDispose]();
      return false;
    } catch (error) {
      socket.abort(error as Error);
      throw error;
    } finally {
      signal.removeEventListener("abort", onEnd);
    }
  }

  /** Creates a new room; `false` when the relay gave it the earlier one's code. */
  async #replace(): Promise<boolean> {
    const { url } = this.#options;
    const { signal } = this.#ending;
    const [socket, created] = await create({ url, signal });
    const isNew = created.room_id !== this.#code;
    this.#code = created.room_id;
    this.#token = created.resume_token;
    this.#use(socket);
    return isNew;
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
      : new AnnouncedReceivers(socket, onArrival);
    if (!socket.isPlain) socket.keepAlive();
    // The room was closed meanwhile: this connection came too late.
    if (this.#isOver) socket.abort(relayRefused("closed"));
  }

  #end(reason: SpreadError): void {
    this.#isOver = true;
    this.#options.events.ended(reason);
  }

  /** Waits longer each time, and not equally for all senders that lost the same relay. */
  async #pause(attempt: number): Promise<void> {
    const [random] = this.#options.fillRandom(new Uint8Array(1));
    const ms = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) *
      (0.5 + random! / 512);
    await pause(ms, this.#ending.signal);
  }
}

type RoomCreated = Extract<RelayMessage, { type: "ROOM_CREATED" }>;

async function create(
  { url, signal, onReached }: Pick<RoomOptions, "url" | "signal" | "onReached">,
): Promise<[RelaySocket, RoomCreated]> {
  const socket = await RelaySocket.open(url, signal);
  const onAbort = () => socket.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    onReached?.();
    await socket.say({ type: "CREATE_ROOM", protocol: RELAY_PROTOCOL });
    const word = wordOf(await socket.answer());
    if (word.type === "ROOM_CREATED") {
      if (!isRoomCode(word.room_id)) throw untypable();
      socket.isPlain = word.resume_token === undefined;
      return [socket, word];
    }
    throw relayRefused(word.type === "ERROR" ? word.reason : "closed");
  } catch (error) {
    socket.abort(error as Error);
    await socket[Symbol.asyncDispose]();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function untypable(): SpreadError {
  return new SpreadError(
    "BAD_MESSAGE",
    "The room code of the relay is not six letters and digits",
    "Use another relay, or tell whoever runs this one",
  );
}

/** Turns any failure into an error to report: the share goes on without its room. */
function asSpreadError(error: unknown): SpreadError {
  if (error instanceof SpreadError) return error;
  return new SpreadError("BAD_MESSAGE", "The relay cannot be used", "", {
    cause: error,
  });
}

/** Whether trying again would be useless. */
function isFinal(error: SpreadError): boolean {
  return error.code === "NO_ROOM" || error.code === "BAD_MESSAGE" ||
    error.code === "FRAME_TOO_LARGE";
}
