import { testEnvironment } from "../testing/environment.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { sleep, TestClient, until } from "../testing/clients.ts";
import { readConfig } from "../config.ts";
import { shareSecret } from "./secret.ts";
import { SteadyStore } from "./store.ts";
import {
  inPair,
  joinRoom,
  makeRoom,
  nextBinary,
  startInstance,
  TestDatabase,
  type TestRoom,
  TestStore,
} from "../testing/kv.ts";
import { startRelay } from "../start.ts";

/** Sends `count` messages of 100,000 bytes across and checks each. */
async function transfer(
  { room, receiver }: { room: TestRoom; receiver: TestClient },
  count: number,
): Promise<void> {
  for (let index = 0; index < count; index++) {
    room.sender.send(new Uint8Array(100_000).fill(index));
  }
  for (let index = 0; index < count; index++) {
    const got = await nextBinary(receiver);
    assertEquals([got.length, got[0], got.at(-1)], [100_000, index, index]);
  }
}

Deno.test("SteadyStore tries again, up to six times", async () => {
  using database = await TestDatabase.open();
  const flaky = new TestStore(database.store);
  const steady = new SteadyStore(flaky, new AbortController().signal);
  flaky.failures = 2;
  assertEquals((await steady.read([["a"]]))[0]!.value, null);
  flaky.failures = 7;
  await assertRejects(() => steady.read([["a"]]), Error, "fails");
  assertEquals(flaky.counts.read, 3 + 7);
});

Deno.test("SteadyStore tries nothing again once it is to end", async () => {
  using database = await TestDatabase.open();
  const flaky = new TestStore(database.store);
  const steady = new SteadyStore(flaky, AbortSignal.abort());
  flaky.failures = 1;
  await assertRejects(() => steady.read([["a"]]), Error, "fails");
});

Deno.test("SteadyStore gives up on an operation that does not answer", async () => {
  using database = await TestDatabase.open();
  const slow = new TestStore(database.store);
  const steady = new SteadyStore(slow, new AbortController().signal, 50);
  slow.delayMs = 100;
  await assertRejects(() => steady.read([["a"]]), Error, "does not answer");
  assertEquals(slow.counts.read, 1);
  await sleep(100);
});

Deno.test("SteadyStore watches on when the watch is dropped", async () => {
  using database = await TestDatabase.open();
  const flaky = new TestStore(database.store);
  flaky.isDown = true;
  const ending = new AbortController();
  const steady = new SteadyStore(flaky, new AbortController().signal);
  const seen: unknown[] = [];
  const watching = steady.watch(
    ["a"],
    ending.signal,
    ({ value }) => void seen.push(value),
  );
  await sleep(50);
  flaky.isDown = false;
  await until(() => seen.length > 0, "watch");
  await database.kv.set(["a"], 1);
  await until(() => seen.includes(1), "news");
  ending.abort();
  await watching;
});

Deno.test("shareSecret() gives all instances the secret of the first", async () => {
  using database = await TestDatabase.open();
  const secrets = await Promise.all([
    shareSecret(database.store, "a"),
    shareSecret(database.store, "b"),
  ]);
  assertEquals(secrets[0], secrets[1]);
  assertEquals(await shareSecret(database.store, "c"), secrets[0]);
});

Deno.test("a tunnel goes on over a slow database", () =>
  inPair(async ({ a, b, room, receiver }) => {
    a.store.delayMs = b.store.delayMs = 40;
    await transfer({ room, receiver }, 60);
  }));

Deno.test("a tunnel goes on when operations fail, and loses and doubles nothing", () =>
  inPair(async ({ a, b, room, receiver }) => {
    for (let round = 0; round < 5; round++) {
      a.store.failures = b.store.failures = 3;
      await transfer({ room, receiver }, 20);
    }
  }));

Deno.test("a tunnel goes on after the database was gone for a second", () =>
  inPair(async ({ a, b, room, receiver }) => {
    a.store.isDown = b.store.isDown = true;
    setTimeout(() => a.store.isDown = b.store.isDown = false, 900);
    await transfer({ room, receiver }, 60);
  }));

Deno.test("a database that stays away ends the tunnel, and rooms work once it is back", () =>
  inPair(async ({ a, b, room, receiver }) => {
    a.store.isDown = b.store.isDown = true;
    assertEquals(await receiver.said(), {
      type: "ERROR",
      reason: "sender_disconnected",
    });
    const { peer_id } = await room.sender.said();
    const refused = await TestClient.open(a.url);
    assertEquals(await refused.ask({ type: "CREATE_ROOM", protocol: 2 }), {
      type: "ERROR",
      reason: "too_many_rooms",
    });
    await refused.closed;
    a.store.isDown = b.store.isDown = false;
    room.sender.send({ type: "RELEASE_PEER", peer_id });
    await using again = await joinRoom(b.url, room);
    await transfer({ room, receiver: again }, 3);
  }));

Deno.test("rooms are found and tunnels go on when no watch tells anything", async () => {
  using database = await TestDatabase.open();
  await using a = await startInstance(database);
  await using b = await startInstance(database);
  a.store.isDeaf = b.store.isDeaf = true;
  await using room = await makeRoom(a.url);
  await using receiver = await joinRoom(b.url, room);
  await transfer({ room, receiver }, 2);
});

Deno.test("whatever a room puts into the database expires", async () => {
  using database = await TestDatabase.open();
  const lasting: Deno.KvKey[] = [];
  let count = 0;
  const commit = database.store.commit;
  database.store.commit = (change) => {
    for (const { key, ttlMs } of change.sets ?? []) {
      count++;
      if (ttlMs === undefined || ttlMs > 1_800_000) lasting.push(key);
    }
    return commit(change);
  };
  await using a = await startInstance(database);
  await using b = await startInstance(database);
  await using room = await makeRoom(a.url);
  await using receiver = await joinRoom(b.url, room);
  await transfer({ room, receiver }, 5);
  assert(count > 10);
  // Set if absent, by each instance.
  assertEquals(lasting, [["relay", "secret"], ["relay", "secret"]]);
});

Deno.test("startRelay() opens and closes the database that is set", async () => {
  const folder = await Deno.makeTempDir();
  const config = {
    ...readConfig(() => undefined),
    host: "127.0.0.1",
    port: 0,
    backend: "kv" as const,
    kvPath: `${folder}/kv`,
  };
  const log: Record<string, unknown>[] = [];
  const server = await startRelay(
    config,
    testEnvironment((line) => void log.push(line)),
  );
  await server.stop();
  assertEquals(log[0]?.backend, "kv");
  await Deno.remove(folder, { recursive: true });
});
