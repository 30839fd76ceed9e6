/** `step()`: every event in every state, as a table. */

import { assertEquals } from "@std/assert";
import { type RoomEvent } from "./room_events.ts";
import { membersOf, step } from "./room.ts";
import {
  idOf,
  LETTERS,
  receiver,
  roomOf,
  sender,
  show,
} from "../testing/room_notation.ts";

const EVENTS = {
  "z joins": { kind: "join", receiver: receiver("z"), maxQueue: 2 },
  "o joins": { kind: "join", receiver: receiver("o"), maxQueue: 2 },
  "z joins, none may wait more": {
    kind: "join",
    receiver: receiver("z"),
    maxQueue: 0,
  },
  "s closes": { kind: "leave", id: idOf("s"), clean: true },
  "s is lost": { kind: "leave", id: idOf("s"), clean: false },
  "r closes": { kind: "leave", id: idOf("r"), clean: true },
  "r is lost": { kind: "leave", id: idOf("r"), clean: false },
  "q is lost": { kind: "leave", id: idOf("q"), clean: false },
  "a stranger leaves": { kind: "leave", id: 99, clean: true },
  "s speaks": { kind: "message", from: idOf("s") },
  "r speaks": { kind: "message", from: idOf("r") },
  "q speaks": { kind: "message", from: idOf("q") },
  "a stranger speaks": { kind: "message", from: 99 },
  "s releases r": { kind: "release", peerId: "peer-r" },
  "s releases q": { kind: "release", peerId: "peer-q" },
  "n resumes": { kind: "resume", sender: sender("n") },
  "grace is over": { kind: "graceOver" },
  "time is up": { kind: "expire" },
  "the relay ends": { kind: "shutdown" },
} as const satisfies Record<string, RoomEvent>;

type EventName = keyof typeof EVENTS;

/** The room that each event makes of each room; `=` leaves it as it is and does nothing. */
const TABLE: Record<string, Record<EventName, string>> = {
  "waiting s": {
    "z joins": "paired s-z | s<PEER_JOINED peer-z, z<ROOM_JOINED 2",
    "o joins": "paired s-o | s<PEER_JOINED peer-o, o<ROOM_JOINED 2",
    "z joins, none may wait more":
      "paired s-z | s<PEER_JOINED peer-z, z<ROOM_JOINED 2",
    "s closes": "closed | end sender_left",
    "s is lost": "away | grace",
    "r closes": "=",
    "r is lost": "=",
    "q is lost": "=",
    "a stranger leaves": "=",
    "s speaks": "=",
    "r speaks": "=",
    "q speaks": "=",
    "a stranger speaks": "=",
    "s releases r": "=",
    "s releases q": "=",
    "n resumes": "waiting n | close s",
    "grace is over": "=",
    "time is up": "closed | s!room_expired, end expired",
    "the relay ends": "closed | s!shutting_down, end shutdown",
  },
  "paired s-r +q": {
    "z joins": "paired s-r +q +z | z<ROOM_QUEUED 2",
    "o joins": "paired s-r +q +o",
    "z joins, none may wait more": "paired s-r +q | z!room_busy",
    "s closes":
      "closed | r!sender_disconnected, q!sender_disconnected, end sender_left",
    "s is lost": "away +q | r!sender_disconnected, grace",
    "r closes": "draining s-r +q | s<PEER_DISCONNECTED peer-r",
    "r is lost": "draining s-r +q | s<PEER_DISCONNECTED peer-r",
    "q is lost": "paired s-r",
    "a stranger leaves": "=",
    "s speaks": "paired s-r +q | binary to r",
    "r speaks": "paired s-r +q | binary to s",
    "q speaks": "paired s-r | q!invalid_message",
    "a stranger speaks": "=",
    "s releases r":
      "paired s-q | close r, s<PEER_JOINED peer-q, q<ROOM_JOINED 2",
    "s releases q": "=",
    "n resumes":
      "paired n-q | r!sender_disconnected, close s, n<PEER_JOINED peer-q, q<ROOM_JOINED 2",
    "grace is over": "=",
    "time is up": "paired s-r last | q!room_expired",
    "the relay ends":
      "closed | s!shutting_down, r!shutting_down, q!shutting_down, end shutdown",
  },
  "paired s-r last": {
    "z joins": "paired s-r last | z!room_not_found",
    "o joins": "paired s-r last | o!room_not_found",
    "z joins, none may wait more": "paired s-r last | z!room_not_found",
    "s closes": "closed | r!sender_disconnected, end sender_left",
    "s is lost": "closed | r!sender_disconnected, end sender_lost",
    "r closes": "draining s-r last | s<PEER_DISCONNECTED peer-r",
    "r is lost": "draining s-r last | s<PEER_DISCONNECTED peer-r",
    "q is lost": "=",
    "a stranger leaves": "=",
    "s speaks": "paired s-r last | binary to r",
    "r speaks": "paired s-r last | binary to s",
    "q speaks": "=",
    "a stranger speaks": "=",
    "s releases r": "closed | close r, s!room_expired, end expired",
    "s releases q": "=",
    "n resumes":
      "closed | r!sender_disconnected, close s, n!room_expired, end expired",
    "grace is over": "=",
    "time is up": "closed | s!room_expired, r!room_expired, end expired",
    "the relay ends": "closed | s!shutting_down, r!shutting_down, end shutdown",
  },
  "draining s-r +q": {
    "z joins": "draining s-r +q +z | z<ROOM_QUEUED 1",
    "o joins": "draining s-r +q +o",
    "z joins, none may wait more": "draining s-r +q | z!room_busy",
    "s closes": "closed | q!sender_disconnected, end sender_left",
    "s is lost": "away +q | grace",
    "r closes": "=",
    "r is lost": "=",
    "q is lost": "draining s-r",
    "a stranger leaves": "=",
    "s speaks": "=",
    "r speaks": "=",
    "q speaks": "draining s-r | q!invalid_message",
    "a stranger speaks": "=",
    "s releases r": "paired s-q | s<PEER_JOINED peer-q, q<ROOM_JOINED 2",
    "s releases q": "=",
    "n resumes": "paired n-q | close s, n<PEER_JOINED peer-q, q<ROOM_JOINED 2",
    "grace is over": "=",
    "time is up": "draining s-r last | q!room_expired",
    "the relay ends": "closed | s!shutting_down, q!shutting_down, end shutdown",
  },
  "draining s-r last": {
    "z joins": "draining s-r last | z!room_not_found",
    "o joins": "draining s-r last | o!room_not_found",
    "z joins, none may wait more": "draining s-r last | z!room_not_found",
    "s closes": "closed | end sender_left",
    "s is lost": "closed | end sender_lost",
    "r closes": "=",
    "r is lost": "=",
    "q is lost": "=",
    "a stranger leaves": "=",
    "s speaks": "=",
    "r speaks": "=",
    "q speaks": "=",
    "a stranger speaks": "=",
    "s releases r": "closed | s!room_expired, end expired",
    "s releases q": "=",
    "n resumes": "closed | close s, n!room_expired, end expired",
    "grace is over": "=",
    "time is up": "closed | s!room_expired, end expired",
    "the relay ends": "closed | s!shutting_down, end shutdown",
  },
  "away +q": {
    "z joins": "away +q +z | z<ROOM_QUEUED 1",
    "o joins": "away +q +o",
    "z joins, none may wait more": "away +q | z!room_busy",
    "s closes": "=",
    "s is lost": "=",
    "r closes": "=",
    "r is lost": "=",
    "q is lost": "away",
    "a stranger leaves": "=",
    "s speaks": "=",
    "r speaks": "=",
    "q speaks": "away | q!invalid_message",
    "a stranger speaks": "=",
    "s releases r": "=",
    "s releases q": "=",
    "n resumes": "paired n-q | n<PEER_JOINED peer-q, q<ROOM_JOINED 2",
    "grace is over": "closed | q!sender_disconnected, end sender_lost",
    "time is up": "closed | q!room_expired, end expired",
    "the relay ends": "closed | q!shutting_down, end shutdown",
  },
};

for (const [before, row] of Object.entries(TABLE)) {
  for (const [name, expected] of Object.entries(row)) {
    Deno.test(`step() makes of "${before}", when ${name}: ${expected}`, () => {
      const after = step(roomOf(before), EVENTS[name as EventName]);
      assertEquals(show(after), expected === "=" ? before : expected);
    });
  }
}

for (
  const [before, event, expected] of [
    [
      "waiting p",
      EVENTS["z joins"],
      "paired p-z | p<PEER_JOINED peer-z, z<ROOM_JOINED 1",
    ],
    [
      "waiting p",
      { kind: "leave", id: idOf("p"), clean: false },
      "closed | end sender_left",
    ],
    [
      "paired p-r +q",
      { kind: "leave", id: idOf("p"), clean: false },
      "closed | r!sender_disconnected, q!sender_disconnected, end sender_left",
    ],
    [
      "paired p-r +q",
      EVENTS["r is lost"],
      "paired p-q | p<PEER_DISCONNECTED peer-r, p<PEER_JOINED peer-q, q<ROOM_JOINED 1",
    ],
    [
      "paired p-r",
      EVENTS["r closes"],
      "waiting p | p<PEER_DISCONNECTED peer-r",
    ],
    [
      "paired p-r last",
      EVENTS["r closes"],
      "closed | p<PEER_DISCONNECTED peer-r, p!room_expired, end expired",
    ],
    [
      "paired p-r",
      { kind: "message", from: idOf("p") },
      "paired p-r | binary to r",
    ],
    ["paired p-r", EVENTS["r speaks"], "paired p-r | as it came to p"],
    [
      "paired p-o",
      { kind: "message", from: idOf("p") },
      "paired p-o | as it came to o",
    ],
    ["paired s-o", EVENTS["s speaks"], "paired s-o | as it came to o"],
    [
      "paired p-r",
      EVENTS["n resumes"],
      "waiting n | r!sender_disconnected, close p",
    ],
  ] as [string, RoomEvent, string][]
) {
  Deno.test(`step() serves protocol 1 in "${before}": ${expected}`, () => {
    assertEquals(show(step(roomOf(before), event)), expected);
  });
}

for (
  const [before, event, expected] of [
    [
      "paired s-r +q +z",
      EVENTS["s releases r"],
      "paired s-q +z | close r, s<PEER_JOINED peer-q, q<ROOM_JOINED 2, z<ROOM_QUEUED 1",
    ],
    [
      "paired s-r +o +q +z",
      EVENTS["s releases r"],
      "paired s-o +q +z | close r, s<PEER_JOINED peer-o, o<ROOM_JOINED 2, q<ROOM_QUEUED 1, z<ROOM_QUEUED 2",
    ],
    ["paired s-r", EVENTS["z joins"], "paired s-r +z | z<ROOM_QUEUED 1"],
    ["draining s-r", EVENTS["z joins"], "draining s-r +z | z<ROOM_QUEUED 0"],
    ["away", EVENTS["z joins"], "away +z | z<ROOM_QUEUED 0"],
    ["paired s-r", EVENTS["s releases r"], "waiting s | close r"],
    ["draining s-r", EVENTS["s releases r"], "waiting s"],
    ["away", EVENTS["n resumes"], "waiting n"],
    ["away", EVENTS["grace is over"], "closed | end sender_lost"],
    [
      "paired s-r +q +z",
      EVENTS["time is up"],
      "paired s-r last | q!room_expired, z!room_expired",
    ],
  ] as [string, RoomEvent, string][]
) {
  Deno.test(`step() keeps the queue in order in "${before}": ${expected}`, () => {
    assertEquals(show(step(roomOf(before), event)), expected);
  });
}

Deno.test("step() answers a join beyond the queue with room_busy, and one that fits not", () => {
  const join: RoomEvent = {
    kind: "join",
    receiver: receiver("z"),
    maxQueue: 2,
  };
  assertEquals(
    show(step(roomOf("paired s-r +q"), join)),
    "paired s-r +q +z | z<ROOM_QUEUED 2",
  );
  assertEquals(
    show(step(roomOf("paired s-r +q +o"), join)),
    "paired s-r +q +o | z!room_busy",
  );
});

Deno.test("membersOf() names everyone in a room, once", () => {
  const members = (text: string) =>
    membersOf(roomOf(text)).map((id) => LETTERS[id]).join("");
  assertEquals(members("waiting s"), "s");
  assertEquals(members("paired s-r +q +z"), "srqz");
  assertEquals(members("draining s-r +q"), "sq");
  assertEquals(members("away +q +z"), "qz");
});
