/**
 * Rooms and actions in a short notation.
 *
 * @module
 */

import {
  type Action,
  type ClientId,
  type Receiver,
  type Sender,
} from "../rooms/room_events.ts";
import { type Room, type Step } from "../rooms/room.ts";

/** Clients by the letter that the tables call them: o and p speak protocol 1, the others 2. */
export const LETTERS = "?sprqzon";

export const idOf = (letter: string): ClientId => LETTERS.indexOf(letter);
export const protocolOf = (letter: string): number =>
  "op".includes(letter) ? 1 : 2;

export function sender(letter: string): Sender {
  return { id: idOf(letter), protocol: protocolOf(letter) };
}

export function receiver(letter: string): Receiver {
  return { ...sender(letter), peerId: `peer-${letter}` };
}

/** A room from its short form, such as `paired s-r +q last`. */
export function roomOf(text: string): Room {
  const [kind = "", ...words] = text.split(" ");
  const [from = "", to = ""] = words[0]?.split("-") ?? [];
  const queue = words.filter((word) => word.startsWith("+"))
    .map((word) => receiver(word[1]!));
  const isLast = words.includes("last");
  switch (kind) {
    case "waiting":
      return { kind, sender: sender(from) };
    case "paired":
      return {
        kind,
        sender: sender(from),
        receiver: receiver(to),
        queue,
        isLast,
      };
    case "draining":
      return {
        kind,
        sender: sender(from),
        peerId: `peer-${to}`,
        queue,
        isLast,
      };
    default:
      return { kind: "away", queue };
  }
}

export const waiting = (queue: Receiver[]): string =>
  queue.map(({ id }) => ` +${LETTERS[id]}`).join("");

export function showRoom(room: Room | null): string {
  if (room === null) return "closed";
  if (room.kind === "away") return `away${waiting(room.queue)}`;
  const from = LETTERS[room.sender.id];
  if (room.kind === "waiting") return `waiting ${from}`;
  const to = room.kind === "paired"
    ? LETTERS[room.receiver.id]
    : room.peerId.at(-1);
  const last = room.isLast ? " last" : "";
  return `${room.kind} ${from}-${to}${waiting(room.queue)}${last}`;
}

export function showAction(action: Action): string {
  switch (action.kind) {
    case "tell": {
      const { type, ...rest } = action.word;
      const values = Object.values(rest).filter((value) => value !== undefined);
      return [`${LETTERS[action.to]}<${type}`, ...values].join(" ");
    }
    case "forward":
      return `${action.asBinary ? "binary" : "as it came"} to ${
        LETTERS[action.to]
      }`;
    case "close":
      return `close ${LETTERS[action.id]}`;
    case "startGrace":
      return "grace";
    case "end":
      return `end ${action.outcome}`;
  }
}

/** A step's short form; `r!reason` stands for an ERROR that closes. */
export function show({ room, actions }: Step): string {
  const done = actions.map(showAction).join(", ")
    .replace(/(\w)<ERROR (\w+), close \1/g, "$1!$2");
  return done === "" ? showRoom(room) : `${showRoom(room)} | ${done}`;
}
