/** `KvDropStore`: several instances, failures of the database, and what stays behind. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  CONFIG,
  DropStage,
  leaveAll,
  leaving,
  takeAll,
  testDrop,
} from "../testing/drops.ts";
import { TestDatabase, TestStore } from "../testing/kv.ts";
import { Refusal } from "../limits/refusal.ts";
import { PART_BYTES } from "./drop_row.ts";
import { KvDropStore } from "./kv_store.ts";

const TAKING = "1".repeat(32);

/** An instance on a database, by a store that can fail. */
function instance(
  database: TestDatabase,
): { stage: DropStage; store: TestStore } {
  const store = new TestStore(database.store);
  const stage = new DropStage(
    new KvDropStore(store, CONFIG, Date.now),
    CONFIG,
    () => {},
  );
  return { stage, store };
}

Deno.test("KvDropStore gives a drop that one instance got to the receiver of another", async () => {
  using database = await TestDatabase.open();
  const [a, b] = [instance(database).stage, instance(database).stage];
  const drop = testDrop(1, 2 * PART_BYTES + 3);
  const { id, takeToken, deleteToken } = drop;
  for (const [part, { drops }] of [a, b, a].entries()) {
    await drops.leave(leaving(drop, part));
  }
  assertEquals(await takeAll(b.drops, drop, TAKING), drop.bytes);
  await b.drops.acknowledge(id, { takeToken, taking: TAKING });
  const { state } = await a.drops.look(id, "deleteHash", deleteToken);
  assertEquals(state, "taken");
});

Deno.test("KvDropStore counts drops that come at once to several instances", async () => {
  using database = await TestDatabase.open();
  const stages = [1, 2, 3, 4].map(() => instance(database).stage);
  await Promise.all(
    stages.map(({ drops }, index) => leaveAll(drops, testDrop(index, 5))),
  );
  await stages[0]!.drops.sweep();
  assertEquals(stages[0]!.drops.totals, { drops: 4, bytes: 20, taken: 0 });
});

Deno.test("KvDropStore leaves nothing behind but the totals and a mark, once all drops have expired", async () => {
  using database = await TestDatabase.open();
  const { stage } = instance(database);
  const { drops } = stage;
  const [taken, expired, half, back] = [1, 2, 3, 4].map((number) =>
    testDrop(number, 2 * PART_BYTES)
  );
  for (const drop of [taken!, expired!, back!]) await leaveAll(drops, drop);
  await drops.leave(leaving(half!, 0));
  const { id, takeToken } = taken!;
  await drops.acknowledge(id, { takeToken, taking: TAKING });
  await drops.withdraw(back!.id, back!.deleteToken);
  // First they are found to be due, then their marks to be of no use.
  for (const days of [1, 3, 3]) {
    stage.nowMs += days * 24 * 3_600_000;
    await drops.sweep();
  }
  const left = await database.entries(["relay"]);
  assertEquals(left.map(({ key, value }) => [key.at(-1), value]), [
    ["drop totals", { drops: 0, bytes: 0, taken: 0 }],
    ["drops waiting", true],
  ]);
});

Deno.test("KvDropStore takes a part once, though the answers of the database get lost", async () => {
  using database = await TestDatabase.open();
  const { stage: { drops }, store } = instance(database);
  const drop = testDrop(1, 3 * PART_BYTES);
  for (const part of [0, 1, 2]) {
    store.failures = 2;
    await drops.leave(leaving(drop, part));
  }
  store.failures = 0;
  assertEquals(await takeAll(drops, drop, TAKING), drop.bytes);
  assertEquals(drops.totals.drops, 1);
});

Deno.test("KvDropStore refuses with store_failed while the database is down", async () => {
  using database = await TestDatabase.open();
  const { stage: { drops, log }, store } = instance(database);
  const drop = testDrop(1, 5);
  await leaveAll(drops, drop);
  store.isDown = true;
  const refused = await assertRejects(
    () => takeAll(drops, drop, TAKING),
    Refusal,
  );
  assertEquals(refused.code, "store_failed");
  assertEquals(log.at(-1), {
    event: "drops_failed",
    error: "store_failed",
    reason: "Error",
  });
  store.isDown = false;
  assertEquals(await takeAll(drops, drop, TAKING), drop.bytes);
});
