/**
 * Receiving through a relay: joins a room, and gives a channel to its sender.
 *
 * @module
 */

import { type Bytes, type FillRandom, totalLength } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import { RELAY_PROTOCOL, type RelayMessage } from "../../relay_messages.ts";
import {
  type Channel,
  MAX_FRAME_BYTES_BEFORE_AUTH,
  type Traffic,
} from "../channel.ts";
import { frameTooLarge } from "../frames.ts";
import { relayRefused } from "./errors.ts";
import { type RelayInput, type RelayPlace, RelaySocket } from "./socket.ts";
import { RoutedChannel } from "./routed/channel.ts";

/** Time after which a relay that has not answered counts as slow, in milliseconds. */
const SILENT_MS = 5_000;

/** Options for joining a room. */
export interface JoinOptions extends RelayPlace {
  roomCode: string;
  /** One of the room's topics, if it has any. */
  topic?: string;
  fillRandom: FillRandom;
  signal: AbortSignal;
  /**
   * Time limit for the relay's first message, in milliseconds. A plain relay is silent
   * while it serves other receivers first.
   */
  timeoutMs: number;
  /** Called with the number of receivers that are served first, whenever it changes. */
  onQueued?: (ahead: number) => void;
  /** Called once when the relay has not answered for some seconds. */
  onSilent?: () => void;
}

/** The receiver's end of a joined room. */
export type JoinedRoom =
  /** The relay has named the protocol that the sender speaks. */
  | { channel: Channel; protocol: 1 | 2 }
  /** A plain relay does not know; the sender's first answer shows it. */
  | { channel: RoutedChannel; protocol: null; unrouted(): Channel };

/**
 * Joins a room; waits, for as long as it takes, while other receivers are served.
 *
 * @throws {SpreadError} `RELAY_UNREACHABLE`, `NO_ROOM`, `RELAY_BUSY`, `PEER_GONE`; the signal's reason.
 */
export async function joinRoom(options: JoinOptions): Promise<JoinedRoom> {
  const socket = await RelaySocket.open(options, options.signal);
  const onAbort = () => socket.abort(options.signal.reason);
  options.signal.addEventListener("abort", onAbort, { once: true });
  try {
    await socket.say({
      type: "JOIN_ROOM",
      room_id: options.roomCode,
      protocol: RELAY_PROTOCOL,
      topic: options.topic,
    });
    const { protocol } = await waitForRoom(socket, options);
    if (protocol === undefined) return joinedPlain(socket, options.fillRandom);
    socket.keepAlive();
    const channel = new RoomChannel(socket);
    return { channel, protocol: protocol === 1 ? 1 : 2 };
  } catch (error) {
    socket.abort(error as Error);
    await socket[Symbol.asyncDispose]();
    throw error;
  } finally {
    options.signal.removeEventListener("abort", onAbort);
  }
}

function joinedPlain(socket: RelaySocket, fillRandom: FillRandom): JoinedRoom {
  socket.isPlain = true;
  return {
    channel: new RoutedChannel(socket, fillRandom),
    protocol: null,
    unrouted: () => new RoomChannel(socket),
  };
}

async function waitForRoom(
  socket: RelaySocket,
  options: JoinOptions,
): Promise<Extract<RelayMessage, { type: "ROOM_JOINED" }>> {
  const { onQueued } = options;
  let fewest = Infinity;
  for (let isFirst = true;; isFirst = false) {
    const word = wordOf(
      await (isFirst ? firstAnswer(socket, options) : socket.receive()),
    );
    switch (word.type) {
      case "ROOM_JOINED":
        return word;
      case "ROOM_QUEUED":
        socket.keepAlive();
        // The queue only gets shorter; a relay that reports otherwise is ignored.
        if (word.ahead < fewest) onQueued?.(word.ahead);
        fewest = Math.min(fewest, word.ahead);
        break;
      case "ERROR":
        throw relayRefused(word.reason);
    }
  }
}

async function firstAnswer(
  socket: RelaySocket,
  { timeoutMs, onSilent }: JoinOptions,
): Promise<RelayInput | null> {
  const patience = setTimeout(() => onSilent?.(), SILENT_MS);
  try {
    return await socket.answer(timeoutMs, notLetIn(timeoutMs));
  } finally {
    clearTimeout(patience);
  }
}

function notLetIn(timeoutMs: number): SpreadError {
  return new SpreadError(
    "RELAY_BUSY",
    `The relay has not let this receiver in within ${timeoutMs / 1000} s`,
    "Try again, or wait longer with --timeout: it may be serving another receiver; " +
      "also check that the address is a relay's",
  );
}

/** Returns the relay's message, at a time when only the relay may send. */
export function wordOf(incoming: RelayInput | null): RelayMessage {
  if (incoming === null) throw relayRefused("closed");
  if ("word" in incoming) return incoming.word;
  throw new SpreadError(
    "BAD_MESSAGE",
    "The relay forwarded a message too early",
    "Check that the address is that of a Claude Spread relay",
  );
}

/** The receiver's end of a room, where every frame is the sender's. */
class RoomChannel implements Channel {
  maxFrameBytes = MAX_FRAME_BYTES_BEFORE_AUTH;
  readonly peer = "the sender, through the relay";
  readonly traffic: Traffic = { received: 0, sent: 0 };

  constructor(private readonly socket: RelaySocket) {
    socket.wantedBytes = () => this.maxFrameBytes;
  }

  async send(...parts: Uint8Array[]): Promise<void> {
    await this.socket.send(parts);
    this.traffic.sent += totalLength(parts);
  }

  async receive(): Promise<Bytes | null> {
    for (;;) {
      const incoming = await this.socket.receive();
      if (incoming === null) return null;
      if ("word" in incoming) {
        if (incoming.word.type === "ERROR") {
          throw relayRefused(incoming.word.reason);
        }
        continue;
      }
      if ("tooLargeBytes" in incoming) {
        throw frameTooLarge(incoming.tooLargeBytes, this.maxFrameBytes);
      }
      const { length } = incoming.frame;
      this.traffic.received += length;
      if (length <= this.maxFrameBytes) return incoming.frame;
      throw frameTooLarge(length, this.maxFrameBytes);
    }
  }

  abort(reason: Error): void {
    this.socket.abort(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.socket[Symbol.asyncDispose]();
  }
}
