import { assertEquals, assertRejects } from "@std/assert";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { PlainRelay } from "../../../tests/support/plain_relay.ts";
import { random as fillRandom, within } from "../../testing/protocol.ts";
import { type RoomEvents, SenderRoom } from "./sender_room.ts";

const REASON = new Error("Nobody reads it");
const fail = () => {
  throw REASON;
};
const EVENTS: RoomEvents = { lost() {}, found() {}, ended() {} };
const { signal } = new AbortController();

Deno.test("Room gives an error of its events to whoever iterates, and closes in order", async () => {
  await using relay = await PlainRelay.start();
  for (const name of ["lost", "found"]) {
    const events = { ...EVENTS, [name]: fail };
    const { url } = relay;
    const room = await SenderRoom.open({ url, signal, fillRandom, events });
    const arriving = room[Symbol.asyncIterator]().next();
    relay.cut();
    const error = await assertRejects(() => within(10_000, arriving));
    assertEquals(error, REASON);
    await room[Symbol.asyncDispose]();
  }
});

Deno.test("Room keeps an error of its events until somebody iterates", async () => {
  const relay = await startLocalRelay({ drainMs: 0 });
  const lost = Promise.withResolvers<void>();
  const events = {
    ...EVENTS,
    lost: () => {
      lost.resolve();
      fail();
    },
  };
  const { url } = relay;
  const room = await SenderRoom.open({ url, signal, fillRandom, events });
  await relay[Symbol.asyncDispose]();
  await lost.promise;
  const arriving = room[Symbol.asyncIterator]().next();
  assertEquals(await assertRejects(() => arriving), REASON);
  await room[Symbol.asyncDispose]();
});
