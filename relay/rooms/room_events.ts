/**
 * Events of a room and the actions that answer them: the vocabulary of the state machine in
 * `room.ts`.
 *
 * @module
 */

import type { RelayMessage } from "../../lib/relay_messages.ts";

/** Identifies one connection to the relay. */
export type ClientId = number;

/** The client that created the room. */
export interface Sender {
  id: ClientId;
  /** Protocol version that the client named; 1 when it named none. */
  protocol: number;
}

/** A client that joined with the room code. */
export interface Receiver {
  id: ClientId;
  protocol: number;
  /** Name of the receiver in messages to the sender. */
  peerId: string;
}

/** An event of a room. */
export type RoomEvent =
  | { kind: "join"; receiver: Receiver; maxQueue: number }
  /** A connection has ended; `clean` when the client closed it in order. */
  | { kind: "leave"; id: ClientId; clean: boolean }
  /** A message for the other side has arrived. */
  | { kind: "message"; from: ClientId }
  /** The sender has finished with a receiver. */
  | { kind: "release"; peerId: string }
  /** The sender is back, on a new connection. */
  | { kind: "resume"; sender: Sender }
  /** The sender has been away for too long. */
  | { kind: "graceOver" }
  /** The lifetime of the room is over. A second such event also ends a pair that still talks. */
  | { kind: "expire" }
  /** The relay is ending. */
  | { kind: "shutdown" };

/** Outcome of a room, for the log and the metrics. */
export type Outcome = "sender_left" | "sender_lost" | "expired" | "shutdown";

/** A message to a client. The hub adds the room code, which the state machine does not know. */
export type Word = WithoutRoomId<RelayMessage>;

type WithoutRoomId<T> = T extends unknown ? Omit<T, "room_id"> : never;

/** An action for the hub to perform. */
export type Action =
  | { kind: "tell"; to: ClientId; word: Word }
  /** Forward the event's message; as binary to clients that tell peer from relay by its type. */
  | { kind: "forward"; to: ClientId; asBinary: boolean }
  /** Close in order, after everything already sent. */
  | { kind: "close"; id: ClientId }
  | { kind: "startGrace" }
  | { kind: "end"; outcome: Outcome };
