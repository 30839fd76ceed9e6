import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Action,
  type ClientId,
  type Receiver,
  type RoomEvent,
  type Sender,
} from "./room_events.ts";
import { membersOf, type Room, type Step, step } from "./room.ts";

/** Clients by their letter in the tables: o and p speak protocol 1, the others 2. */
const LETTERS = "?sprqzon";

const idOf = (letter: string): ClientId => LETTERS.indexOf(letter);
const protocolOf = (letter: string): number => "op".includes(letter) ? 1 : 2;

function sender(letter: string): Sender {
  return { id: idOf(letter), protocol: protocolOf(letter) };
}

function receiver(letter: string): Receiver {
  return { ...sender(letter), peerId: `peer-${letter}` };
}

/** A room from its short form, such as `paired s-r +q last`. */
function roomOf(text: string): Room {
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

const waiting = (queue: Receiver[]) =>
  queue.map(({ id }) => ` +${LETTERS[id]}`).join("");

function showRoom(room: Room | null): string {
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

function showAction(action: Action): string {
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
function show({ room, actions }: Step): string {
  const done = actions.map(showAction).join(", ")
    .replace(/(\w)<ERROR (\w+), close \1/g, "$1!$2");
  return done === "" ? showRoom(room) : `${showRoom(room)} | ${done}`;
}

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

/** Result of each event in each room; `=` leaves the room as it is and does nothing. */
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

/** The next event, drawn at random; `who` picks one of all clients so far. */
interface Command {
  kind: RoomEvent["kind"];
  who: number;
  flag: boolean;
}

const COMMAND: fc.Arbitrary<Command> = fc.record({
  kind: fc.constantFrom<RoomEvent["kind"]>(
    ...Array(6).fill("join"),
    ...Array(3).fill("leave"),
    ...Array(8).fill("message"),
    ...Array(4).fill("release"),
    ...Array(2).fill("resume"),
    "graceOver",
    "expire",
    "shutdown",
  ),
  who: fc.nat(1000),
  flag: fc.boolean(),
});

const MAX_QUEUE = 3;

/** Follows a room from outside and checks each step against the promises of a room. */
class Witness {
  room: Room | null;
  /** All senders and receivers so far, by id. */
  readonly clients: Sender[] = [];
  /** Clients that have left or were closed. */
  readonly gone = new Set<ClientId>();
  readonly left = new Set<ClientId>();
  /** Waiting receivers, in order of arrival. */
  line: ClientId[] = [];
  /** Whether the receiver has left and the sender has not released it. */
  isStale = false;

  constructor(protocol: number) {
    this.room = { kind: "waiting", sender: this.#newcomer(protocol) };
  }

  apply(command: Command): void {
    if (this.room === null) return;
    const before = this.room;
    const event = this.#eventOf(command);
    const { room, actions } = step(before, event);
    this.#follow(before, event);
    for (const action of actions) this.#check(before, room, action);
    this.#checkState(before, room);
    if (room === null) this.#checkEnd(before, event, actions);
    this.room = room;
  }

  #newcomer(protocol: number): Sender {
    const client = { id: this.clients.length + 1, protocol };
    this.clients.push(client);
    return client;
  }

  #eventOf({ kind, who, flag }: Command): RoomEvent {
    const { id } = this.clients[who % this.clients.length]!;
    switch (kind) {
      case "join":
      case "resume": {
        const newcomer = this.#newcomer(flag ? 2 : 1);
        return kind === "resume" ? { kind, sender: newcomer } : {
          kind,
          receiver: { ...newcomer, peerId: `peer-${newcomer.id}` },
          maxQueue: MAX_QUEUE,
        };
      }
      case "leave":
        return { kind, id, clean: flag };
      case "message":
        return { kind, from: id };
      case "release":
        return { kind, peerId: `peer-${id}` };
      default:
        return { kind };
    }
  }

  /** Notes the effect of an event before its actions. */
  #follow(before: Room, event: RoomEvent): void {
    if (event.kind === "join") this.line.push(event.receiver.id);
    if (event.kind === "leave") {
      this.gone.add(event.id);
      this.left.add(event.id);
      this.line = this.line.filter((id) => id !== event.id);
      const wasPaired = before.kind === "paired" &&
        before.receiver.id === event.id;
      if (wasPaired && before.sender.protocol >= 2) this.isStale = true;
    }
    const isOver = event.kind === "release" && before.kind === "draining" &&
      event.peerId === before.peerId;
    if (isOver || event.kind === "resume") this.isStale = false;
  }

  #check(before: Room, after: Room | null, action: Action): void {
    switch (action.kind) {
      case "tell":
        assert(!this.gone.has(action.to), `${action.to} is gone, and is told`);
        if (action.word.type === "ROOM_JOINED") {
          assertEquals(action.to, this.line.shift(), "first in, first out");
          assert(!this.isStale, "paired before the sender let go");
        }
        return;
      case "forward":
        assert(!this.gone.has(action.to), "forwarded to someone gone");
        assert(!this.isStale, "forwarded before the sender let go");
        assert(before.kind === "paired", "forwarded without a pair");
        assertEquals(before, after as Room);
        assert([before.sender.id, before.receiver.id].includes(action.to));
        return;
      case "close":
        this.gone.add(action.id);
        this.line = this.line.filter((id) => id !== action.id);
    }
  }

  #checkState(before: Room, after: Room | null): void {
    const left = after === null ? [] : membersOf(after);
    assertEquals(new Set(left).size, left.length, "somebody is there twice");
    for (const id of left) assert(!this.gone.has(id), `${id} is gone`);
    for (const id of membersOf(before)) {
      assert(left.includes(id) || this.gone.has(id), `${id} is forgotten`);
    }
    if (after === null) return;
    if (after.kind === "waiting") return assertEquals(this.line, []);
    assert(after.queue.length <= MAX_QUEUE);
    assertEquals(after.queue.map(({ id }) => id), this.line);
  }

  #checkEnd(before: Room, event: RoomEvent, actions: Action[]): void {
    assertEquals(actions.filter(({ kind }) => kind === "end").length, 1);
    for (const id of membersOf(before)) {
      if (this.left.has(id)) continue;
      const isClosed = actions.some((action) =>
        action.kind === "close" && action.id === id
      );
      const isTold = actions.some((action) =>
        action.kind === "tell" && action.to === id &&
        action.word.type === "ERROR"
      );
      // A served receiver is done; an old connection gives way to a new one.
      const isServed = before.kind === "paired" &&
          event.kind === "release" && id === before.receiver.id ||
        before.kind !== "away" && event.kind === "resume" &&
          id === before.sender.id;
      assert(isClosed, `${id} is left open in a closed room`);
      assert(isTold || isServed, `${id} is not told why`);
    }
  }
}

Deno.test("step() keeps its promises in any order of events", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2),
      fc.array(COMMAND, { maxLength: 80 }),
      (protocol, commands) => {
        const witness = new Witness(protocol);
        for (const command of commands) witness.apply(command);
      },
    ),
    { numRuns: 3000, seed: 20260101 },
  );
});

Deno.test("step() forwards only between the two of a pair, in any order of events", () => {
  fc.assert(
    fc.property(fc.array(COMMAND, { maxLength: 80 }), (commands) => {
      const witness = new Witness(2);
      for (const command of commands) {
        if (command.kind === "shutdown") continue;
        witness.apply(command);
        const { room } = witness;
        if (room === null) return;
        for (const { id } of witness.clients) {
          const { actions } = step(room, { kind: "message", from: id });
          const to = actions.flatMap((action) =>
            action.kind === "forward" ? [action.to] : []
          );
          const other = room.kind !== "paired"
            ? []
            : id === room.sender.id
            ? [room.receiver.id]
            : id === room.receiver.id
            ? [room.sender.id]
            : [];
          assertEquals(to, other);
        }
      }
    }),
    { numRuns: 300, seed: 20260102 },
  );
});
