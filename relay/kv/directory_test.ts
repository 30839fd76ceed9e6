import { assert, assertEquals } from "@std/assert";
import { sleep, TestClient, until } from "../testing/clients.ts";
import { OPCODES, RawClient } from "../testing/raw_client.ts";
import {
  type Instance,
  joinRoom,
  makeRoom,
  nextBinary,
  QUICK,
  startInstance,
  TestDatabase,
  type TestRoom,
} from "../testing/kv.ts";

async function inRoom(
  test: (place: {
    database: TestDatabase;
    a: Instance;
    b: Instance;
    c: Instance;
    room: TestRoom;
  }) => Promise<void>,
): Promise<void> {
  using database = await TestDatabase.open();
  await using a = await startInstance(database, { drainMs: 100 });
  await using b = await startInstance(database);
  await using c = await startInstance(database);
  await using room = await makeRoom(a.url);
  await test({ database, a, b, c, room });
}

/** Resumes a room through an instance. */
async function resume(url: string, room: TestRoom): Promise<TestClient> {
  const sender = await TestClient.open(url);
  const word = await sender.ask({
    type: "RESUME_ROOM",
    room_id: room.code,
    resume_token: room.token,
    protocol: 2,
  });
  assertEquals(word.type, "ROOM_RESUMED");
  return sender;
}

Deno.test("a room that nobody has is not found", () =>
  inRoom(async ({ b }) => {
    await using client = await TestClient.open(b.url);
    const word = await client.ask({ type: "JOIN_ROOM", room_id: "abcde2" });
    assertEquals(word, { type: "ERROR", reason: "room_not_found" });
  }));

Deno.test("a room of an instance that died is not found", () =>
  inRoom(async ({ a, b, room }) => {
    a.store.isDown = true;
    await using client = await TestClient.open(b.url);
    const word = await client.ask(
      { type: "JOIN_ROOM", room_id: room.code, protocol: 2 },
    );
    assertEquals(word, { type: "ERROR", reason: "room_not_found" });
  }));

Deno.test("receivers of several instances queue first in, first out", () =>
  inRoom(async ({ a, b, c, room }) => {
    await using first = await joinRoom(a.url, room);
    const join = { type: "JOIN_ROOM", room_id: room.code, protocol: 2 };
    await using second = await TestClient.open(b.url);
    assertEquals((await second.ask(join)).ahead, 1);
    await using third = await TestClient.open(c.url);
    assertEquals((await third.ask(join)).ahead, 2);
    await first.close();
    const gone = await room.sender.said();
    assertEquals(gone.type, "PEER_DISCONNECTED");
    room.sender.send({ type: "RELEASE_PEER", peer_id: gone.peer_id });
    assertEquals((await second.said()).type, "ROOM_JOINED");
    assertEquals((await third.said()).ahead, 1);
    assertEquals((await room.sender.said()).type, "PEER_JOINED");
    room.sender.send(new Uint8Array([7]));
    assertEquals(await nextBinary(second), new Uint8Array([7]));
  }));

Deno.test("a guest's PING is answered where it is connected, and no peer hears it", () =>
  inRoom(async ({ b, room }) => {
    await using guest = await joinRoom(b.url, room);
    const before = b.store.counts.blockBytes;
    const passed = () => b.store.counts.blockBytes - before;
    guest.send(new Uint8Array([5]));
    assertEquals(await nextBinary(room.sender), new Uint8Array([5]));
    await until(() => passed() > 0, "block");
    const bytes = passed();
    guest.send({ type: "PING" });
    await until(() => guest.pongs === 1, "PONG");
    guest.send(new Uint8Array([6]));
    assertEquals(await nextBinary(room.sender), new Uint8Array([6]));
    await until(() => passed() === 2 * bytes, "block without a PING");
    assertEquals(room.sender.pongs, 0);
  }));

Deno.test("a guest that leaves is missed by the sender, and nothing of it stays", () =>
  inRoom(async ({ database, b, room }) => {
    const guest = await joinRoom(b.url, room);
    guest.send(new Uint8Array([1]));
    await nextBinary(room.sender);
    await guest.close(1000);
    assertEquals((await room.sender.said()).type, "PEER_DISCONNECTED");
    await sleep(2 * QUICK.beatMs);
    assertEquals(await database.entries(["relay", "pipe"]), []);
    assertEquals(await database.entries(["relay", "tunnel"]), []);
    assertEquals(await database.entries(["relay", "inbox"]), []);
  }));

Deno.test("a sender that leaves is missed by the guest", () =>
  inRoom(async ({ database, b, room }) => {
    const guest = await joinRoom(b.url, room);
    room.sender.send(new Uint8Array(200_000));
    await room.sender.close(1000);
    assertEquals((await nextBinary(guest)).length, 200_000);
    assertEquals(await guest.said(), {
      type: "ERROR",
      reason: "sender_disconnected",
    });
    assertEquals(await guest.closed, 1000);
    await sleep(2 * QUICK.beatMs);
    assertEquals(await database.entries(["relay", "pipe"]), []);
    assertEquals(await database.entries(["relay", "tunnel"]), []);
    assertEquals(await database.entries(["relay", "room"]), []);
  }));

Deno.test("a guest that the sender releases is closed in order", () =>
  inRoom(async ({ b, room }) => {
    const guest = await TestClient.open(b.url);
    guest.send({ type: "JOIN_ROOM", room_id: room.code, protocol: 2 });
    const { peer_id } = await room.sender.said();
    room.sender.send(new Uint8Array(500_000));
    room.sender.send({ type: "RELEASE_PEER", peer_id });
    assertEquals((await guest.said()).type, "ROOM_JOINED");
    assertEquals((await nextBinary(guest)).length, 500_000);
    assertEquals(await guest.closed, 1000);
  }));

Deno.test("an instance that stops tells the guest, and the room goes on elsewhere", () =>
  inRoom(async ({ a, b, c, room }) => {
    const guest = await joinRoom(b.url, room);
    room.sender.send(new Uint8Array(3_000_000));
    await a.server.stop();
    const told = [];
    for (;;) {
      const next = await guest.next();
      if (typeof next !== "string") continue;
      told.push(JSON.parse(next));
      break;
    }
    assertEquals(told, [{ type: "ERROR", reason: "shutting_down" }]);
    await guest.closed;
    await using sender = await resume(c.url, room);
    await using again = await joinRoom(b.url, { ...room, sender });
    sender.send(new Uint8Array([9]));
    assertEquals(await nextBinary(again), new Uint8Array([9]));
  }));

Deno.test("an instance that dies without a word is missed by guest and sender", () =>
  inRoom(async ({ a, b, c, room }) => {
    const guest = await joinRoom(b.url, room);
    const start = performance.now();
    a.store.isDown = true;
    assertEquals(await guest.said(), {
      type: "ERROR",
      reason: "sender_disconnected",
    });
    const tookMs = performance.now() - start;
    assert(tookMs < QUICK.lingerMs, `${tookMs} ms`);
    await guest.closed;
    await using sender = await resume(c.url, room);
    await using _again = await joinRoom(b.url, { ...room, sender });
  }));

Deno.test("a guest's instance that dies without a word is missed by the sender", () =>
  inRoom(async ({ b, room }) => {
    await using _guest = await joinRoom(b.url, room);
    b.store.isDown = true;
    assertEquals((await room.sender.said()).type, "PEER_DISCONNECTED");
  }));

Deno.test("a sender that comes back elsewhere takes its room along", () =>
  inRoom(async ({ a, b, c, room }) => {
    await using guest = await joinRoom(b.url, room);
    await using sender = await resume(c.url, room);
    assertEquals(await guest.said(), {
      type: "ERROR",
      reason: "sender_disconnected",
    });
    await until(() => a.server.hub.roomCount === 0, "eviction");
    await using _again = await joinRoom(a.url, { ...room, sender });
  }));

Deno.test("a request names no address", () =>
  inRoom(async ({ database, a, b, room }) => {
    // The instance cannot take the request from its inbox.
    a.store.isDown = true;
    const client = await TestClient.open(b.url);
    client.send({ type: "JOIN_ROOM", room_id: room.code });
    let found: Deno.KvEntry<unknown>[] = [];
    while (found.length === 0) {
      found = await database.entries(["relay", "inbox"]);
      await sleep(5);
    }
    const { address } = found[0]!.value as { address: string };
    assert(/^[0-9a-f]{16}$/.test(address), address);
    await client.closed;
  }));

Deno.test("what a guest sent before its connection was cut still arrives", () =>
  inRoom(async ({ b, room }) => {
    const guest = await RawClient.open(b.url);
    await guest.say({ type: "JOIN_ROOM", room_id: room.code, protocol: 2 });
    assertEquals((await room.sender.said()).type, "PEER_JOINED");
    // Unread bytes would make the system discard what was sent, too.
    assertEquals((await guest.said()).type, "ROOM_JOINED");
    await guest.send(OPCODES.binary, new Uint8Array(3_000_000));
    guest.close();
    assertEquals((await nextBinary(room.sender)).length, 3_000_000);
    assertEquals((await room.sender.said()).type, "PEER_DISCONNECTED");
  }));

Deno.test("a guest that is slow reads on after the sender's instance has stopped", () =>
  inRoom(async ({ database, a, b, room }) => {
    using guest = await RawClient.open(b.url);
    await guest.say({ type: "JOIN_ROOM", room_id: room.code, protocol: 2 });
    assertEquals((await room.sender.said()).type, "PEER_JOINED");
    let sent = 0;
    while (await database.pipeBytes() < 3_000_000) {
      for (const end = sent + 5; sent < end; sent++) {
        room.sender.send(new Uint8Array(200_000));
      }
      // All of it is in the database, which has room for as much again: nothing waits in `a`.
      const { counts } = a.store;
      await until(() => counts.blockBytes >= sent * 200_000, "room for more");
    }
    await a.server.stop();
    await sleep(QUICK.liveMs + 3 * QUICK.beatMs);
    let bytes = 0;
    const texts: string[] = [];
    for (;;) {
      const { opcode, payload } = (await guest.next())!;
      if (opcode === OPCODES.close) break;
      if (opcode === OPCODES.binary) bytes += payload.length;
      if (opcode === OPCODES.text) {
        texts.push(new TextDecoder().decode(payload));
      }
    }
    assertEquals(bytes, sent * 200_000);
    assertEquals(texts.at(-1), '{"type":"ERROR","reason":"shutting_down"}');
  }));

Deno.test("lead() rings a bell that is heard at once", async () => {
  using database = await TestDatabase.open();
  const times = { pollMs: 60_000, liveMs: 2_000 };
  await using a = await startInstance(database, {}, times);
  await using b = await startInstance(database, {}, times);
  await using room = await makeRoom(a.url);
  await using _guest = await joinRoom(b.url, room);
});
