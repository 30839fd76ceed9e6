/** `step()`: what it promises in any order of events. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type Action,
  type ClientId,
  type RoomEvent,
  type Sender,
} from "./room_events.ts";
import { membersOf, type Room, step } from "./room.ts";

/** The next event, drawn at random; `who` picks one of the clients there ever were. */
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

/** Follows a room from outside, and checks each step against what is promised. */
class Witness {
  room: Room | null;
  /** Senders and receivers by id, all there ever were. */
  readonly clients: Sender[] = [];
  /** Those who have left by themselves or were closed. */
  readonly gone = new Set<ClientId>();
  readonly left = new Set<ClientId>();
  /** Receivers that wait, in order of their coming. */
  line: ClientId[] = [];
  /** Whether the receiver has left and the sender has not let go of it. */
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

  /** Notes what an event says by itself, before anything is done. */
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
      // One is done, and the other's connection is given up for a new one.
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
