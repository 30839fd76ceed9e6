/** Memory that `Hub` lets clients fill. */

import { assertEquals } from "@std/assert";
import { PIECE_COST_BYTES } from "../../lib/bytes.ts";
import { HubSetup } from "../testing/hub_setup.ts";
import type { Wire } from "./clients/wire.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

Deno.test("Hub stops reading a sender above 1 MiB, and reads again at 256 KiB", async () => {
  const { sender, receiver } = await new HubSetup().pair();
  const part = new Uint8Array(64 * KIB);
  for (let i = 0; i < 15; i++) sender.events.message(part, false);
  assertEquals(sender.wire.isPaused, false);
  sender.events.message(part, false);
  assertEquals(sender.wire.isPaused, true);
  while (receiver.wire.bufferedBytes > 320 * KIB) receiver.wire.take();
  assertEquals(sender.wire.isPaused, true);
  receiver.wire.take();
  assertEquals(sender.wire.isPaused, false);
});

Deno.test("Hub ends who would have more than maxBufferedBytes waiting", async () => {
  const setup = new HubSetup({ maxBufferedBytes: 16 * MIB });
  const { sender, receiver } = await setup.pair();
  const half = new Uint8Array(8 * MIB - PIECE_COST_BYTES);
  sender.events.message(half, false);
  sender.events.message(half, false);
  assertEquals(receiver.wire.end, null);
  sender.events.message(new Uint8Array(0), false);
  assertEquals(receiver.wire.end, "terminated");
  assertEquals(sender.wire.isPaused, false);
  assertEquals(setup.hub.bufferedBytes, 0);
});

Deno.test("Hub does not let words pile up for a client that asks and does not read", async () => {
  const setup = new HubSetup();
  const { wire, events } = await setup.say({
    type: "CREATE_ROOM",
    protocol: 2,
  });
  const ping = new TextEncoder().encode('{"type":"PING"}');
  wire.waiting.push({ length: 256 * KIB + 1 });
  const before = wire.said.length;
  for (let i = 0; i < 1000; i++) events.message(ping, true);
  assertEquals(wire.said.length, before);
  wire.waiting.pop();
  events.message(ping, true);
  assertEquals(wire.said.at(-1), '{"type":"PONG"}');
});

Deno.test("Hub ends a guest for which more is held than the relay may hold", async () => {
  const setup = new HubSetup({ maxTotalBytes: MIB });
  const led: Wire[] = [];
  setup.hub.useDirectory({
    claim: () => Promise.resolve(true),
    takeOver: () => Promise.resolve(true),
    release() {},
    topics: () => Promise.resolve(new Map()),
    lead: (_, wire) => {
      led.push(wire);
      return Promise.resolve({ message() {}, alive() {}, closed() {} });
    },
  });
  const join = { type: "JOIN_ROOM", room_id: "abcde2", protocol: 2 };
  const guest = await setup.say(join);
  led[0]!.send(new Uint8Array(MIB - PIECE_COST_BYTES), false);
  setup.hub.tick();
  assertEquals([setup.hub.bufferedBytes, guest.wire.end], [MIB, null]);
  led[0]!.send(new Uint8Array(0), false);
  setup.hub.tick();
  assertEquals([setup.hub.bufferedBytes, guest.wire.end], [0, "terminated"]);
});

// Breaks when only messages between peers make the hub look at the memory.
Deno.test("Hub ends who holds more than the relay may hold by the relay's own words", async () => {
  const setup = new HubSetup({ maxTotalBytes: 100 * KIB });
  const { wire, events } = await setup.say({
    type: "CREATE_ROOM",
    protocol: 2,
  });
  wire.waiting.push({ length: 100 * KIB });
  events.message(new TextEncoder().encode('{"type":"PING"}'), true);
  assertEquals(wire.end, null);
  setup.hub.tick();
  assertEquals([setup.hub.bufferedBytes, wire.end], [0, "terminated"]);
});
