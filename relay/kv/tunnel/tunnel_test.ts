import { assertEquals } from "@std/assert";
import { sleep, TestClient, until } from "../../testing/clients.ts";
import { MAX_BLOCK_BYTES } from "./blocks.ts";
import { OPCODES, RawClient } from "../../testing/raw_client.ts";
import {
  inPair,
  type Instance,
  joinRoom,
  makeRoom,
  nextBinary,
  QUICK,
  startInstance,
  TestDatabase,
} from "../../testing/kv.ts";

const KIB = 1024;

/** Sizes around the edges of a block, of a commit and of the largest message. */
const SIZES = [
  0,
  1,
  60 * KIB - 4,
  60 * KIB - 3,
  60 * KIB - 2,
  60 * KIB,
  60 * KIB + 1,
  120 * KIB - 6,
  11 * 60 * KIB + 7,
  10 * KIB * KIB,
];

function bytesOf(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + seed) >> 3;
  return bytes;
}

Deno.test("Tunnel carries messages of every size from sender to receiver", () =>
  inPair(async ({ room, receiver }) => {
    for (const [seed, size] of SIZES.entries()) {
      room.sender.send(bytesOf(size, seed));
    }
    for (const [seed, size] of SIZES.entries()) {
      const got = await nextBinary(receiver);
      assertEquals(got.length, size);
      assertEquals(got, bytesOf(size, seed));
    }
  }));

Deno.test("Tunnel carries messages of every size from receiver to sender", () =>
  inPair(async ({ room, receiver }) => {
    for (const [seed, size] of SIZES.entries()) {
      receiver.send(bytesOf(size, seed));
    }
    for (const [seed, size] of SIZES.entries()) {
      const got = await nextBinary(room.sender);
      assertEquals(got.length, size);
      assertEquals(got, bytesOf(size, seed));
    }
  }));

Deno.test("Tunnel keeps the order of a thousand small messages, and packs them", () =>
  inPair(async ({ a, room, receiver }) => {
    const before = a.store.counts.commit;
    for (let index = 0; index < 1000; index++) {
      room.sender.send(new TextEncoder().encode(`message ${index}`));
    }
    for (let index = 0; index < 1000; index++) {
      const got = new TextDecoder().decode(await nextBinary(receiver));
      assertEquals(got, `message ${index}`);
    }
    const commits = a.store.counts.commit - before;
    assertEquals(commits < 500, true, `${commits} commits`);
  }));

Deno.test("Tunnel keeps text text, for clients of the first version", async () => {
  using database = await TestDatabase.open();
  await using a = await startInstance(database);
  await using b = await startInstance(database);
  await using sender = await TestClient.open(a.url);
  const { room_id } = await sender.ask({ type: "CREATE_ROOM" });
  await using receiver = await TestClient.open(b.url);
  const joined = await receiver.ask({ type: "JOIN_ROOM", room_id });
  assertEquals(joined.type, "ROOM_JOINED");
  assertEquals((await sender.said()).type, "PEER_JOINED");
  for (const message of ["häh", "", new Uint8Array([1]), "x".repeat(100_000)]) {
    sender.send(message);
    assertEquals(await receiver.next(), message);
    receiver.send(message);
    assertEquals(await sender.next(), message);
  }
});

/** Most bytes allowed in the database, and in the memory of both instances. */
const MOST_IN_KV = 4 * KIB * KIB;
const MOST_IN_MEMORY = 6 * KIB * KIB;

Deno.test("Tunnel stays bounded while the guest does not read, and loses nothing", async () => {
  using database = await TestDatabase.open();
  await using a = await startInstance(database);
  await using b = await startInstance(database);
  await using room = await makeRoom(a.url);
  using guest = await RawClient.open(b.url);
  await guest.ask({ type: "JOIN_ROOM", room_id: room.code, protocol: 2 });
  const count = 200;
  for (let index = 0; index < count; index++) {
    room.sender.send(new Uint8Array(256 * KIB).fill(index));
  }
  await staysBounded(database, [a, b]);
  // The rest waits at the sender.
  assertEquals(room.sender.bufferedBytes > 10 * KIB * KIB, true);
  for (let index = 0; index < count;) {
    const { opcode, payload } = (await guest.next())!;
    if (opcode !== OPCODES.binary) continue;
    assertEquals([payload.length, payload[9]], [256 * KIB, index]);
    index++;
  }
});

Deno.test("Tunnel stays bounded while the sender does not read, and loses nothing", async () => {
  using database = await TestDatabase.open();
  await using a = await startInstance(database);
  await using b = await startInstance(database);
  using sender = await RawClient.open(a.url);
  const { room_id } = await sender.ask({ type: "CREATE_ROOM", protocol: 2 });
  await using guest = await TestClient.open(b.url);
  await guest.ask({ type: "JOIN_ROOM", room_id, protocol: 2 });
  const count = 200;
  for (let index = 0; index < count; index++) {
    guest.send(new Uint8Array(256 * KIB).fill(index));
  }
  await staysBounded(database, [a, b]);
  assertEquals(guest.bufferedBytes > 10 * KIB * KIB, true);
  for (let index = 0; index < count;) {
    const { opcode, payload } = (await sender.next())!;
    if (opcode !== OPCODES.binary) continue;
    assertEquals([payload.length, payload[9]], [256 * KIB, index]);
    index++;
  }
});

/** Checks for a second that neither the database nor memory grows beyond its limit. */
async function staysBounded(
  database: TestDatabase,
  instances: Instance[],
): Promise<void> {
  let mostBytes = 0;
  // The database must have filled up, or nothing is tested.
  await until(async () => await database.pipeBytes() > MOST_IN_KV / 2);
  for (let look = 0; look < 40; look++) {
    await sleep(25);
    mostBytes = Math.max(mostBytes, await database.pipeBytes());
    const buffered = instances.map(({ server }) => server.hub.bufferedBytes);
    const sum = buffered.reduce((bytes, more) => bytes + more, 0);
    assertEquals(sum <= MOST_IN_MEMORY, true, `${buffered} bytes buffered`);
  }
  assertEquals(mostBytes <= MOST_IN_KV, true, `${mostBytes} bytes in KV`);
}

Deno.test("Tunnel stays while both ends are idle for longer than KV keeps anything", async () => {
  using database = await TestDatabase.open();
  const times = { keepMs: 600, beatMs: 50 };
  await using a = await startInstance(database, {}, times);
  await using b = await startInstance(database, {}, times);
  await using room = await makeRoom(a.url);
  await using receiver = await joinRoom(b.url, room);
  await sleep(1_200);
  room.sender.send(new Uint8Array([3]));
  assertEquals(await nextBinary(receiver), new Uint8Array([3]));
});

Deno.test("Tunnel deletes what was read soon after", () =>
  inPair(async ({ database, room, receiver }) => {
    room.sender.send(new Uint8Array(300_000));
    await nextBinary(receiver);
    await sleep(2 * QUICK.beatMs);
    assertEquals(await database.pipeBytes(), 0);
  }));

Deno.test("Tunnel ends when blocks are missing, and tells none of what follows", async () => {
  using database = await TestDatabase.open();
  await using a = await startInstance(database);
  await using b = await startInstance(database);
  await using room = await makeRoom(a.url);
  using guest = await RawClient.open(b.url);
  await guest.ask({ type: "JOIN_ROOM", room_id: room.code, protocol: 2 });
  for (let index = 0; index < 100; index++) {
    room.sender.send(new Uint8Array(256 * KIB).fill(index));
  }
  // Not one block more fits: the guest's instance has read only some of them, if any.
  const full = MOST_IN_KV - MAX_BLOCK_BYTES;
  await until(async () => await database.pipeBytes() > full, "full database");
  const deletion = database.kv.atomic();
  for (const { key } of await database.entries(["relay", "pipe"])) {
    deletion.delete(key);
  }
  await deletion.commit();
  let count = 0;
  let last: unknown = null;
  for (;;) {
    const { opcode, payload } = (await guest.next())!;
    if (opcode === OPCODES.close) break;
    if (opcode === OPCODES.binary) assertEquals(payload[9], count++);
    else last = JSON.parse(new TextDecoder().decode(payload));
  }
  assertEquals(count < 100, true);
  assertEquals(last, { type: "ERROR", reason: "sender_disconnected" });
});
