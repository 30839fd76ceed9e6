/**
 * What can happen to a room, and what is to be done then: the words of the machine in `room.ts`.
 *
 * @module
 */

import type { RelayMessage } from "../../lib/relay_messages.ts";

/** Names one connection to the relay. */
export type ClientId = number;

/** The side that made the room. */
export interface Sender {
  id: ClientId;
  /** Version of the client protocol it named; 1 for those that name none. */
  protocol: number;
}

/** Someone who came with the room code. */
export interface Receiver {
  id: ClientId;
  protocol: number;
  /** What the sender knows it by. */
  peerId: string;
}

/** What can happen to a room. */
export type RoomEvent =
  | { kind: "join"; receiver: Receiver; maxQueue: number }
  /** A connection has ended; `clean` when its owner closed it in order. */
  | { kind: "leave"; id: ClientId; clean: boolean }
  /** Something for the other side has come. */
  | { kind: "message"; from: ClientId }
  /** The sender has finished with a receiver. */
  | { kind: "release"; peerId: string }
  /** The sender is back, on a new connection. */
  | { kind: "resume"; sender: Sender }
  /** The sender has been away for too long. */
  | { kind: "graceOver" }
  /** The room's time is up. A second one also ends a pair that still talks. */
  | { kind: "expire" }
  /** The relay ends. */
  | { kind: "shutdown" };

/** How a room ended, for the log and the metrics. */
export type Outcome = "sender_left" | "sender_lost" | "expired" | "shutdown";

/** What a client is told; whoever sends it adds the room's code, which the machine does without. */
export type Word = WithoutRoomId<RelayMessage>;

type WithoutRoomId<T> = T extends unknown ? Omit<T, "room_id"> : never;

/** What is to be done. */
export type Action =
  | { kind: "tell"; to: ClientId; word: Word }
  /** Hand the message of the event on; as `binary` for those who tell text and relay apart. */
  | { kind: "forward"; to: ClientId; asBinary: boolean }
  /** Close in order, after everything told and forwarded. */
  | { kind: "close"; id: ClientId }
  | { kind: "startGrace" }
  | { kind: "end"; outcome: Outcome };
