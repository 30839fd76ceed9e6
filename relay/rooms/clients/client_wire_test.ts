import { assert, assertEquals } from "@std/assert";
import { PIECE_COST_BYTES } from "../../../lib/bytes.ts";
import { FakeWire } from "../../testing/fake_wire.ts";
import { ClientWire } from "./client_wire.ts";
import { MemoryLimit } from "../../limits/memory.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const PART = new Uint8Array(64 * KIB);

/** Parts that may be queued for a client before the relay stops reading its sender. */
const PARTS_HELD = 15;

/** Two clients of a room, with their clock. */
class Pair {
  readonly clock = { ms: 0 };
  readonly from = new FakeWire("127.0.0.1");
  readonly to = new FakeWire("127.0.0.2");
  readonly memory = new MemoryLimit(64 * MIB);
  readonly sender = this.#wire(this.from);
  readonly receiver = this.#wire(this.to);

  #wire(wire: FakeWire): ClientWire {
    return new ClientWire(wire, this.memory, () => this.clock.ms);
  }

  forward(parts = 1): void {
    for (let i = 0; i < parts; i++) {
      this.receiver.forward(PART, false, this.sender);
    }
  }

  take(parts: number): void {
    for (let i = 0; i < parts; i++) this.to.take();
  }
}

Deno.test("forward() stops reading once, and reads again when enough has been taken", () => {
  const pair = new Pair();
  pair.forward(PARTS_HELD);
  assertEquals(pair.from.isPaused, false);
  pair.forward();
  assertEquals(pair.from.isPaused, true);
  // A message under way still arrives and does not extend the wait.
  pair.clock.ms = 1000;
  pair.forward();
  assertEquals(pair.receiver.hasStalled(1000), true);
  pair.take(13);
  assertEquals(pair.from.isPaused, true);
  pair.take(1);
  assertEquals(pair.from.isPaused, false);
});

Deno.test("forward() stops reading the earlier, the more is held for all", () => {
  const pair = new Pair();
  pair.memory.change(62 * MIB);
  pair.forward();
  assertEquals(pair.from.isPaused, true);
  pair.take(1);
  assertEquals(pair.from.isPaused, false);
  assertEquals(pair.memory.heldBytes, 62 * MIB);
});

Deno.test("leave() gives back what is held, and counts nothing any more", () => {
  const pair = new Pair();
  pair.from.incomingBytes = 100;
  pair.forward(2);
  assertEquals(
    pair.memory.heldBytes,
    2 * (PART.length + PIECE_COST_BYTES) + 100,
  );
  pair.receiver.leave();
  pair.take(1);
  assertEquals(pair.memory.heldBytes, 100);
});

// Breaks when words count for nothing, or for their few bytes.
Deno.test("send() counts the relay's own words until they are taken", () => {
  const { receiver, memory, to } = new Pair();
  for (let i = 0; i < 1024; i++) receiver.send("word", false);
  assertEquals(memory.heldBytes, 1024 * (4 + PIECE_COST_BYTES));
  assertEquals(receiver.isBehind, true);
  for (let i = 0; i < 1024; i++) to.take();
  assertEquals([memory.heldBytes, receiver.isBehind], [0, false]);
});

// Breaks when a peer that takes nothing lets another one fill memory with empty messages.
Deno.test("forward() stops reading a client that sends empty messages", () => {
  const pair = new Pair();
  for (let i = 0; !pair.from.isPaused; i++) {
    assert(i < 5000, `${i} messages`);
    pair.receiver.forward(new Uint8Array(0), false, pair.sender);
  }
});

Deno.test("hasStalled() counts while something waits, from what was taken last", () => {
  const pair = new Pair();
  pair.forward(PARTS_HELD + 1);
  pair.clock.ms = 999;
  assertEquals(pair.receiver.hasStalled(1000), false);
  pair.take(1);
  pair.clock.ms = 1998;
  assertEquals(pair.receiver.hasStalled(1000), false);
  pair.clock.ms = 1999;
  assertEquals(pair.receiver.hasStalled(1000), true);
  pair.take(PARTS_HELD);
  pair.clock.ms = 10_000;
  assertEquals(pair.receiver.hasStalled(1000), false);
});

// Breaks when a slow network has as much time for 8 MiB as for 64 KiB.
Deno.test("hasStalled() gives a client the time for each MiB of the message that it takes", () => {
  const pair = new Pair();
  pair.receiver.forward(new Uint8Array(8 * MIB), false, pair.sender);
  pair.forward();
  pair.clock.ms = 1001;
  assertEquals(pair.receiver.hasStalled(1000), false);
  pair.clock.ms = 7999;
  assertEquals(pair.receiver.hasStalled(1000), false);
  pair.clock.ms = 8000;
  assertEquals(pair.receiver.hasStalled(1000), true);
  pair.forward(PARTS_HELD);
  pair.take(1);
  pair.clock.ms = 9000;
  assertEquals(pair.receiver.hasStalled(1000), true);
});

Deno.test("ask() is content with who was heard, or takes what is sent", () => {
  const pair = new Pair();
  const { sender, receiver } = pair;
  assertEquals([sender.ask(), receiver.ask()], [true, true]);
  sender.heard();
  pair.forward();
  pair.take(1);
  assertEquals([sender.ask(), receiver.ask()], [true, true]);
  assertEquals([sender.ask(), receiver.ask()], [false, false]);
  assertEquals([pair.from.said, pair.to.said], [
    ["ping", "ping"],
    ["ping", "ping"],
  ]);
});

Deno.test("ask() leaves both in peace while one waits for the other, and starts anew afterwards", () => {
  const pair = new Pair();
  const { sender, receiver } = pair;
  assertEquals(sender.ask(), true);
  pair.forward(PARTS_HELD + 1);
  for (let i = 0; i < 3; i++) {
    assertEquals([sender.ask(), receiver.ask()], [true, true]);
  }
  assertEquals(pair.to.said, []);
  pair.take(PARTS_HELD + 1);
  // It could not answer the first ping while it was not read.
  assertEquals(sender.ask(), true);
  assertEquals(sender.ask(), false);
});

Deno.test("close() lets the other side, and what is left of this one, be read", () => {
  const pair = new Pair();
  pair.forward(PARTS_HELD + 1);
  pair.receiver.close();
  assertEquals([pair.from.isPaused, pair.to.end], [false, "closed"]);
  const other = new Pair();
  other.forward(PARTS_HELD + 1);
  other.sender.close();
  assertEquals([other.from.isPaused, other.from.end], [false, "closed"]);
});

Deno.test("watched() passes everything on, and has what is done there show here", () => {
  const wire = new FakeWire("192.0.2.1");
  const memory = new MemoryLimit(MIB);
  const client = new ClientWire(wire, memory, () => 0);
  const seen = client.watched();
  assertEquals(seen.address, "192.0.2.1");
  assertEquals(client.ask(), true);
  seen.pause();
  assertEquals([wire.isPaused, client.ask()], [true, true]);
  seen.resume();
  // The relay reads it again.
  assertEquals([wire.isPaused, client.ask()], [false, true]);
  let taken = 0;
  seen.send(PART, false, () => taken++);
  assertEquals(seen.bufferedBytes, PART.length + PIECE_COST_BYTES);
  assertEquals(memory.heldBytes, seen.bufferedBytes);
  wire.take();
  assertEquals(memory.heldBytes, 0);
  assertEquals([taken, client.ask()], [1, true]);
  assertEquals(client.ask(), false);
  seen.ping();
  seen.close();
  assertEquals([wire.said.length, wire.end], [4, "closed"]);
});

function timeOf(act: () => void): number {
  const start = performance.now();
  act();
  return performance.now() - start;
}

// Breaks when each message that is taken moves all those behind it: no other room has a turn then.
Deno.test("forward() forgets half a million empty messages as fast as it notes them", () => {
  const taken: (() => void)[] = [];
  const wire = Object.assign(new FakeWire("127.0.0.2"), {
    send: (
      _data: Uint8Array | string,
      _isText: boolean,
      onTaken?: () => void,
    ) => void taken.push(onTaken!),
  });
  const pair = new Pair();
  const receiver = new ClientWire(wire, pair.memory, () => 0);
  const empty = new Uint8Array(0);
  const noting = timeOf(() => {
    for (let i = 0; i < 500_000; i++) {
      receiver.forward(empty, false, pair.sender);
    }
  });
  const forgetting = timeOf(() => taken.forEach((take) => take()));
  assert(forgetting < 20 * noting, `${forgetting} ms after ${noting} ms`);
});
