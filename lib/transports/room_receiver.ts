/**
 * Receiving through the relay: into a room, and a channel to its sender.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { RELAY_PROTOCOL, type RelayMessage } from "../relay_messages.ts";
import { type Channel, MAX_FRAME_BYTES_BEFORE_AUTH } from "./channel.ts";
import { frameTooLarge } from "./frames.ts";
import { relayRefused } from "./relay_errors.ts";
import { type Incoming, RelaySocket } from "./relay_socket.ts";

/** How to get into a room. */
export interface JoinOptions {
  /** Address of the relay. */
  url: string;
  roomCode: string;
  signal: AbortSignal;
  /** Told how many receivers are served first, whenever that changes. */
  onQueued?: (ahead: number) => void;
}

/** A place opposite the sender. */
export interface JoinedRoom {
  channel: Channel;
  /** What the sender speaks. */
  protocol: 1 | 2;
}

/**
 * Joins a room; waits, for as long as it takes, while others are served.
 *
 * @throws {SpreadError} `RELAY_UNREACHABLE`, `NO_ROOM`, `RELAY_BUSY`, `PEER_GONE`; the signal's reason.
 */
export async function joinRoom(options: JoinOptions): Promise<JoinedRoom> {
  const socket = await RelaySocket.open(options.url, options.signal);
  const onAbort = () => socket.abort(options.signal.reason);
  options.signal.addEventListener("abort", onAbort, { once: true });
  try {
    await socket.say({
      type: "JOIN_ROOM",
      room_id: options.roomCode,
      protocol: RELAY_PROTOCOL,
    });
    const { protocol } = await waitForRoom(socket, options);
    socket.keepAlive();
    return {
      channel: new RoomChannel(socket),
      protocol: protocol === undefined ? 1 : 2,
    };
  } catch (error) {
    socket.abort(error as Error);
    await socket[Symbol.asyncDispose]();
    throw error;
  } finally {
    options.signal.removeEventListener("abort", onAbort);
  }
}

async function waitForRoom(
  socket: RelaySocket,
  { onQueued }: JoinOptions,
): Promise<Extract<RelayMessage, { type: "ROOM_JOINED" }>> {
  let fewest = Infinity;
  for (let isFirst = true;; isFirst = false) {
    const word = wordOf(await (isFirst ? socket.answer() : socket.receive()));
    switch (word.type) {
      case "ROOM_JOINED":
        return word;
      case "ROOM_QUEUED":
        socket.keepAlive();
        // It only gets shorter; a relay that says otherwise is not repeated.
        if (word.ahead < fewest) onQueued?.(word.ahead);
        fewest = Math.min(fewest, word.ahead);
        break;
      case "ERROR":
        throw relayRefused(word.reason);
    }
  }
}

/** What the relay says before anybody else may speak. */
export function wordOf(incoming: Incoming | null): RelayMessage {
  if (incoming === null) throw relayRefused("closed");
  if ("word" in incoming) return incoming.word;
  throw new SpreadError(
    "BAD_MESSAGE",
    "The relay passed something on before its time",
    "Check that the address is that of a Claude Spread relay",
  );
}

/** The receiver's end of a room. */
class RoomChannel implements Channel {
  maxFrameBytes = MAX_FRAME_BYTES_BEFORE_AUTH;
  readonly peer = "the sender, through the relay";

  constructor(private readonly socket: RelaySocket) {}

  send(...parts: Uint8Array[]): Promise<void> {
    return this.socket.send(parts);
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
      const { length } = incoming.frame;
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
