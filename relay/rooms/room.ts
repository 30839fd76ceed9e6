/**
 * Rooms: the life of a room as a pure state machine.
 *
 * A room is a sender and the receivers that come to it, one at a time, first in, first out.
 * {@linkcode step} takes a room and an event and returns the next room and the actions to
 * perform; the hub performs them. A closed room is forgotten, so it has no state. The table is in
 * RELAY_SERVER_SPEC.md, section 5.
 *
 * @module
 */

import type { RelayError } from "../../lib/relay_messages.ts";
import type {
  Action,
  ClientId,
  Outcome,
  Receiver,
  RoomEvent,
  Sender,
  Word,
} from "./room_events.ts";

/** The state of a room. */
export type Room =
  /** The sender waits for a receiver. */
  | { kind: "waiting"; sender: Sender }
  /** Sender and receiver talk; other receivers wait. */
  | {
    kind: "paired";
    sender: Sender;
    receiver: Receiver;
    queue: Receiver[];
    /** Whether the room has expired, so that this pair is the last. */
    isLast: boolean;
  }
  /** The receiver has left; messages that the sender still sends were meant for it. */
  | {
    kind: "draining";
    sender: Sender;
    peerId: string;
    queue: Receiver[];
    isLast: boolean;
  }
  /** The sender's connection was cut; it may come back during the grace period. */
  | { kind: "away"; queue: Receiver[] };

/** Result of a step; a room of `null` is closed. */
export interface Step {
  room: Room | null;
  actions: Action[];
}

/** Applies one event to a room. */
export function step(room: Room, event: RoomEvent): Step {
  switch (event.kind) {
    case "join":
      return join(room, event.receiver, event.maxQueue);
    case "leave":
      return leave(room, event.id, event.clean);
    case "message":
      return message(room, event.from);
    case "release":
      return release(room, event.peerId);
    case "resume":
      return resume(room, event.sender);
    case "graceOver":
      return room.kind === "away"
        ? end(room, "sender_lost", "sender_disconnected")
        : unchanged(room);
    case "expire":
      return expire(room);
    case "shutdown":
      return end(room, "shutdown", "shutting_down");
  }
}

/** Returns every connection that belongs to a room. */
export function membersOf(room: Room): ClientId[] {
  const sender = room.kind === "away" ? [] : [room.sender.id];
  return [...sender, ...receiversOf(room).map(({ id }) => id)];
}

function join(room: Room, receiver: Receiver, maxQueue: number): Step {
  if (room.kind === "waiting") return pair(room.sender, receiver, [], false);
  const isLast = room.kind !== "away" && room.isLast;
  if (isLast) {
    return { room, actions: refuse(receiver.id, "room_not_found") };
  }
  if (room.queue.length >= maxQueue) {
    return { room, actions: refuse(receiver.id, "room_busy") };
  }
  const ahead = room.queue.length + (room.kind === "paired" ? 1 : 0);
  return {
    room: { ...room, queue: [...room.queue, receiver] },
    actions: queued(receiver, ahead),
  };
}

function leave(room: Room, id: ClientId, clean: boolean): Step {
  if (room.kind !== "away" && id === room.sender.id) {
    // Clients of protocol 1 cannot come back.
    return clean || room.sender.protocol < 2
      ? end(withoutSender(room), "sender_left", "sender_disconnected")
      : loseSender(room);
  }
  if (room.kind === "waiting") return unchanged(room);
  if (room.kind === "paired" && id === room.receiver.id) {
    return loseReceiver(room);
  }
  const queue = room.queue.filter((receiver) => receiver.id !== id);
  return unchanged({ ...room, queue });
}

function loseSender(room: Exclude<Room, { kind: "away" }>): Step {
  if (room.kind !== "waiting" && room.isLast) {
    return end(withoutSender(room), "sender_lost", "sender_disconnected");
  }
  const queue = room.kind === "waiting" ? [] : room.queue;
  return {
    room: { kind: "away", queue },
    actions: [...cutOff(room), { kind: "startGrace" }],
  };
}

function loseReceiver(room: Extract<Room, { kind: "paired" }>): Step {
  const { sender, receiver: { peerId }, queue, isLast } = room;
  const told = tell(sender.id, { type: "PEER_DISCONNECTED", peer_id: peerId });
  if (sender.protocol < 2) return after([told], next(sender, queue, isLast));
  return {
    room: { kind: "draining", sender, peerId, queue, isLast },
    actions: [told],
  };
}

function message(room: Room, from: ClientId): Step {
  if (room.kind === "paired") {
    const { sender, receiver } = room;
    if (from === sender.id) return forward(room, receiver);
    if (from === receiver.id) return forward(room, sender);
  }
  const waiting = receiversOf(room).find(({ id }) => id === from);
  // A sender without a receiver is late, not wrong: its receiver has just left.
  if (waiting === undefined || room.kind === "waiting") return unchanged(room);
  const { room: rest } = leave(room, from, true);
  return { room: rest, actions: refuse(from, "invalid_message") };
}

function release(room: Room, peerId: string): Step {
  if (room.kind === "paired" && room.receiver.peerId === peerId) {
    const { sender, receiver, queue, isLast } = room;
    const closed: Action = { kind: "close", id: receiver.id };
    return after([closed], next(sender, queue, isLast));
  }
  if (room.kind === "draining" && room.peerId === peerId) {
    return next(room.sender, room.queue, room.isLast);
  }
  return unchanged(room);
}

function resume(room: Room, sender: Sender): Step {
  if (room.kind === "away") return next(sender, room.queue, false);
  const isLast = room.kind !== "waiting" && room.isLast;
  const queue = room.kind === "waiting" ? [] : room.queue;
  // The old connection may be half open: dead, but not noticed yet.
  const closed: Action = { kind: "close", id: room.sender.id };
  return after([...cutOff(room), closed], next(sender, queue, isLast));
}

function expire(room: Room): Step {
  const talks = room.kind === "paired" || room.kind === "draining";
  if (!talks || room.isLast) return end(room, "expired", "room_expired");
  return {
    room: { ...room, queue: [], isLast: true },
    actions: room.queue.flatMap(({ id }) => refuse(id, "room_expired")),
  };
}

/** Pairs the sender with the next receiver, or lets it wait; ends a room after its last pair. */
function next(sender: Sender, queue: Receiver[], isLast: boolean): Step {
  if (isLast) {
    const room: Room = { kind: "waiting", sender };
    return end(room, "expired", "room_expired");
  }
  const [receiver, ...rest] = queue;
  if (receiver === undefined) return unchanged({ kind: "waiting", sender });
  return pair(sender, receiver, rest, isLast);
}

function pair(
  sender: Sender,
  receiver: Receiver,
  queue: Receiver[],
  isLast: boolean,
): Step {
  const { protocol } = sender;
  return {
    room: { kind: "paired", sender, receiver, queue, isLast },
    actions: [
      // The sender first, so that it learns of the receiver before the receiver's first message.
      tell(sender.id, { type: "PEER_JOINED", peer_id: receiver.peerId }),
      tell(receiver.id, { type: "ROOM_JOINED", protocol }),
      ...queue.flatMap((waiting, ahead) => queued(waiting, ahead + 1)),
    ],
  };
}

/** Tells a receiver its place in the queue, if its protocol has that message. */
function queued(receiver: Receiver, ahead: number): Action[] {
  if (receiver.protocol < 2) return [];
  return [tell(receiver.id, { type: "ROOM_QUEUED", ahead })];
}

function end(room: Room, outcome: Outcome, reason: RelayError): Step {
  return {
    room: null,
    actions: [
      ...membersOf(room).flatMap((id) => refuse(id, reason)),
      { kind: "end", outcome },
    ],
  };
}

/** Tells the paired receiver, if there is one, that the sender's connection is gone. */
function cutOff(room: Room): Action[] {
  return room.kind === "paired"
    ? refuse(room.receiver.id, "sender_disconnected")
    : [];
}

function refuse(id: ClientId, reason: RelayError): Action[] {
  return [tell(id, { type: "ERROR", reason }), { kind: "close", id }];
}

function forward(room: Room, to: Sender | Receiver): Step {
  const action: Action = {
    kind: "forward",
    to: to.id,
    asBinary: to.protocol >= 2,
  };
  return { room, actions: [action] };
}

/** Returns the room without its sender; all receivers are in the queue. */
function withoutSender(room: Room): Room {
  return { kind: "away", queue: receiversOf(room) };
}

function receiversOf(room: Room): Receiver[] {
  switch (room.kind) {
    case "waiting":
      return [];
    case "paired":
      return [room.receiver, ...room.queue];
    default:
      return room.queue;
  }
}

function after(first: Action[], { room, actions }: Step): Step {
  return { room, actions: [...first, ...actions] };
}

function tell(to: ClientId, word: Word): Action {
  return { kind: "tell", to, word };
}

function unchanged(room: Room): Step {
  return { room, actions: [] };
}
