import { assertEquals, assertRejects } from "@std/assert";
import { TestDatabase, TestStore } from "../testing/kv.ts";
import { Mirror } from "./mirror.ts";

const MARK = ["mark"];

/** A mirror of the keys after "name", and what changes them. */
async function open() {
  const database = await TestDatabase.open();
  const store = new TestStore(database.store);
  const clock = { ms: 0 };
  const mirror = new Mirror({
    store,
    prefix: ["name"],
    mark: MARK,
    now: () => clock.ms,
    build: (entries) => entries.map(({ key }) => key.at(-1)),
  });
  const set = async (names: string[], withMark = true) => {
    const sets = names.map((name) => ({ key: ["name", name], value: 1 }));
    if (withMark) sets.push({ key: MARK, value: 1 });
    await database.store.commit({ sets });
  };
  return { database, store, clock, mirror, set };
}

Deno.test("Mirror lists a range again only once its mark has changed, or after a minute", async () => {
  const { database, store, clock, mirror, set } = await open();
  using _database = database;
  assertEquals(await mirror.read(), []);
  await set(["b", "a"]);
  for (let count = 0; count < 3; count++) {
    assertEquals(await mirror.read(), ["a", "b"]);
  }
  assertEquals([store.counts.read, store.counts.list], [4, 2]);
  await set(["c"], false);
  assertEquals(await mirror.read(), ["a", "b"]);
  clock.ms += 60_000;
  assertEquals(await mirror.read(), ["a", "b", "c"]);
});

Deno.test("Mirror sees a range of any length, each entry once", async () => {
  const { database, mirror, set } = await open();
  using _database = database;
  const names = Array.from({ length: 1200 }, (_, i) => String(i + 1000));
  for (let at = 0; at < names.length; at += 400) {
    await set(names.slice(at, at + 400));
  }
  assertEquals(await mirror.read(), names);
});

Deno.test("Mirror answers calls at the same time by one refresh, which sees what came before them", async () => {
  const { database, store, mirror, set } = await open();
  using _database = database;
  store.delayMs = 5;
  const first = mirror.read();
  await set(["a"]);
  const later = Array.from({ length: 100 }, () => mirror.read());
  assertEquals((await first).length <= 1, true);
  for (const seen of await Promise.all(later)) assertEquals(seen, ["a"]);
  assertEquals(store.counts.read, 2);
});

Deno.test("Mirror rejects while the database is down, and sees all of it afterwards", async () => {
  const { database, store, mirror, set } = await open();
  using _database = database;
  store.isDown = true;
  await assertRejects(() => mirror.read(), Error, "down");
  store.isDown = false;
  await set(["a"]);
  assertEquals(await mirror.read(), ["a"]);
});
