/** `Claims`, through directories on one database: who has a room, in any order of answers. */

import { assert, assertEquals } from "@std/assert";
import { until } from "../testing/clients.ts";
import { QUICK, TestDatabase } from "../testing/kv.ts";
import { KvDirectory } from "./directory.ts";
import { keys, parseRoom } from "./schema.ts";
import type { Change, Store } from "./store.ts";

const CODE = "abcde2";
/** Births of two rooms with the same code. */
const BIRTH = "1800000000.AAAAAAAAAAAA";
const LATER_BIRTH = "1800000000.AAAAAAAAAAAB";
const TOPICS = ["0".repeat(32), "1".repeat(32)];
const ROOM = { code: CODE, birth: BIRTH, topics: TOPICS };
const LATER_ROOM = { ...ROOM, birth: LATER_BIRTH };

const LONG_MS = 600_000;

function openDirectory(
  store: Store,
  evicted: string[] = [],
): Promise<KvDirectory> {
  return KvDirectory.open(
    {
      store,
      now: () => performance.now(),
      fillRandom: (bytes) => crypto.getRandomValues(bytes),
      secret: "test secret",
      maxMessageBytes: 1024,
    },
    {
      arrive: () => ({ message() {}, alive() {}, closed() {} }),
      evict: (code) => void evicted.push(code),
    },
    QUICK,
  );
}

/** A store whose next read, or next answer to a commit, about the room waits until `go()`. */
function holding(
  store: Store,
  kind: "read" | "answer",
): { store: Store; hold(): void; go(): void; isHeld(): boolean } {
  const held = Promise.withResolvers<void>();
  let state: "off" | "armed" | "held" = "off";
  const pass = async (isAboutRoom: boolean) => {
    if (!isAboutRoom || state !== "armed") return;
    state = "held";
    await held.promise;
  };
  const room = JSON.stringify(keys.room(CODE));
  const isRoom = (key: Deno.KvKey) => JSON.stringify(key) === room;
  return {
    hold: () => state = "armed",
    go: () => held.resolve(),
    isHeld: () => state === "held",
    store: {
      ...store,
      read: async (all) => {
        await pass(kind === "read" && all.some(isRoom));
        return await store.read(all);
      },
      commit: async (change) => {
        const isDone = await store.commit(change);
        const sets = change.sets ?? [];
        await pass(kind === "answer" && sets.some(({ key }) => isRoom(key)));
        return isDone;
      },
    },
  };
}

async function claimOf({ store }: TestDatabase): Promise<string | undefined> {
  const [entry] = await store.read([keys.room(CODE)]);
  return parseRoom(entry!.value)?.claim;
}

Deno.test("claim() gives a code to one of two instances that ask at once", async () => {
  using database = await TestDatabase.open();
  await using a = await openDirectory(database.store);
  await using b = await openDirectory(database.store);
  for (const code of ["abcde2", "abcde3", "abcde4"]) {
    const got = await Promise.all([
      a.claim({ ...ROOM, code }, 1000),
      b.claim({ ...ROOM, code }, 1000),
    ]);
    assertEquals(got.toSorted(), [false, true]);
  }
});

Deno.test("release() leaves a room alone that another instance has taken over", async () => {
  using database = await TestDatabase.open();
  const evicted: string[] = [];
  const a = await openDirectory(database.store, evicted);
  await using b = await openDirectory(database.store);
  await a.claim(ROOM, 10_000);
  await b.takeOver(ROOM, 10_000);
  await until(() => evicted.length > 0, "eviction");
  assertEquals(evicted, [CODE]);
  a.release(CODE);
  await a[Symbol.asyncDispose]();
  assertEquals(await b.claim(ROOM, 10_000), false);
});

Deno.test("release() frees a code that is ours", async () => {
  using database = await TestDatabase.open();
  const a = await openDirectory(database.store);
  await using b = await openDirectory(database.store);
  await a.claim(ROOM, 10_000);
  a.release(CODE);
  await a[Symbol.asyncDispose]();
  assertEquals(await b.claim(ROOM, 10_000), true);
});

// Trails that Spin found in the model of the room.

Deno.test("release() that is slow leaves the room alone that has come back to this instance", async () => {
  using database = await TestDatabase.open();
  const slow = holding(database.store, "read");
  const a = await openDirectory(slow.store);
  await a.claim(ROOM, LONG_MS);
  slow.hold();
  a.release(CODE);
  await until(slow.isHeld, "release");
  await a.takeOver(ROOM, LONG_MS);
  const claim = await claimOf(database);
  slow.go();
  await a[Symbol.asyncDispose]();
  assert(claim !== undefined);
  assertEquals(await claimOf(database), claim);
});

Deno.test("release() leaves a claim alone whose answer is on its way", async () => {
  using database = await TestDatabase.open();
  const slow = holding(database.store, "answer");
  const a = await openDirectory(slow.store);
  await a.claim(ROOM, LONG_MS);
  slow.hold();
  const taking = a.takeOver(ROOM, LONG_MS);
  await until(slow.isHeld, "claim");
  const claim = await claimOf(database);
  a.release(CODE);
  slow.go();
  await taking;
  await a[Symbol.asyncDispose]();
  assertEquals(await claimOf(database), claim);
});

Deno.test("an eviction waits for the answer to the claim that it ends", async () => {
  using database = await TestDatabase.open();
  const evicted: string[] = [];
  const slow = holding(database.store, "answer");
  await using a = await openDirectory(database.store);
  await using b = await openDirectory(slow.store, evicted);
  await a.claim(ROOM, LONG_MS);
  slow.hold();
  const taking = b.takeOver(ROOM, LONG_MS);
  await until(slow.isHeld, "claim");
  await a.takeOver(ROOM, LONG_MS);
  await until(async () => {
    return (await database.entries(["relay", "inbox"])).length === 0;
  }, "request");
  assertEquals(evicted, []);
  slow.go();
  await taking;
  await until(() => evicted.length > 0, "eviction");
  assertEquals(evicted, [CODE]);
});

Deno.test("an eviction ends the claim that it names, and no later one", async () => {
  using database = await TestDatabase.open();
  const evicted: string[] = [];
  await using a = await openDirectory(database.store, evicted);
  await a.claim(ROOM, LONG_MS);
  const early = await claimOf(database);
  await a.takeOver(ROOM, LONG_MS);
  await a.claim({ ...ROOM, code: "abcde3" }, LONG_MS);
  const [entry] = await database.store.read([keys.room("abcde3")]);
  const { owner, claim } = parseRoom(entry!.value)!;
  const lost = { [CODE]: early, "abcde3": claim };
  for (const [code, claim] of Object.entries(lost)) {
    const request = { kind: "evict", code, claim };
    await database.kv.set(keys.request(owner, code), request);
  }
  await until(() => evicted.length > 0, "eviction");
  assertEquals(evicted, ["abcde3"]);
});

Deno.test("takeOver() asks for the eviction as long as the room may last", async () => {
  using database = await TestDatabase.open();
  const changes: Change[] = [];
  const store: Store = {
    ...database.store,
    commit: (change) => {
      changes.push(change);
      return database.store.commit(change);
    },
  };
  await using a = await openDirectory(database.store);
  await using b = await openDirectory(store);
  await a.claim(ROOM, LONG_MS);
  await b.takeOver(ROOM, LONG_MS);
  const sets = changes.flatMap((change) => change.sets ?? []);
  const request = sets.find(({ key }) => key[1] === "inbox");
  assertEquals(request?.ttlMs, LONG_MS);
});

Deno.test("takeOver() leaves a room alone that only has the same code", async () => {
  using database = await TestDatabase.open();
  const evicted: string[] = [];
  await using a = await openDirectory(database.store, evicted);
  await using b = await openDirectory(database.store);
  await a.claim(LATER_ROOM, LONG_MS);
  assertEquals(await b.takeOver(ROOM, LONG_MS), false);
  assertEquals(await a.takeOver(LATER_ROOM, LONG_MS), true);
  const [entry] = await database.store.read([keys.room(CODE)]);
  assertEquals(parseRoom(entry!.value)?.birth, LATER_BIRTH);
  // Another instance takes the room over with the right birth, and nobody was evicted before.
  assertEquals(await b.takeOver(LATER_ROOM, LONG_MS), true);
  await until(() => evicted.length > 0, "eviction");
  assertEquals(evicted, [CODE]);
});
