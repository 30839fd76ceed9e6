/** `Drops` on every store: leaving, taking, quotas, times and what is logged. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  DropStage,
  leaveAll,
  leaving,
  STORES,
  takeAll,
  type TestDrop,
  testDrop,
} from "../testing/drops.ts";
import { Refusal, type RefusalCode } from "../limits/refusal.ts";
import { PART_BYTES } from "./drop_row.ts";

const [ONE, OTHER] = ["1".repeat(32), "2".repeat(32)];
const WRONG = "e".repeat(64);
const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000];

async function assertRefused(
  promise: Promise<unknown>,
  code: RefusalCode,
  fields: Record<string, number> = {},
): Promise<void> {
  const error = await assertRejects(() => promise, Refusal);
  assertEquals([error.code, error.fields], [code, fields]);
}

for (const store of STORES) {
  const test = (
    name: string,
    act: (stage: DropStage) => Promise<void>,
    limits: Parameters<typeof DropStage.open>[1] = {},
  ) =>
    Deno.test(`${store}: ${name}`, async () => {
      await using stage = await DropStage.open(store, limits);
      await act(stage);
    });

  for (const size of [1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 200_000]) {
    test(`leave() and take() carry ${size} bytes`, async ({ drops }) => {
      const drop = testDrop(1, size);
      await leaveAll(drops, drop);
      assertEquals(await takeAll(drops, drop, ONE), drop.bytes);
    });
  }

  test("leave() tells the state after each part, and confirms with the last", async ({ drops }) => {
    const drop = testDrop(1, PART_BYTES + 5);
    const ttlMs = HOUR_MS;
    const state = { bytes: PART_BYTES + 5, parts: 2, expires_s: 3600 };
    assertEquals(await drops.leave(leaving(drop, 0, { ttlMs })), {
      isNew: true,
      state: { state: "filling", next: 1, ...state },
    });
    assertEquals(await drops.leave(leaving(drop, 1)), {
      isNew: true,
      state: { state: "waiting", next: 2, ...state },
    });
  });

  test("leave() stores a part that comes again only once", async ({ drops }) => {
    const drop = testDrop(1, PART_BYTES + 5);
    await drops.leave(leaving(drop, 0));
    const changed = leaving({ ...drop, bytes: drop.bytes.map(() => 0) }, 0);
    assertEquals((await drops.leave(changed)).isNew, false);
    await drops.leave(leaving(drop, 1));
    assertEquals((await drops.leave(leaving(drop, 1))).isNew, false);
    assertEquals(await takeAll(drops, drop, ONE), drop.bytes);
  });

  test("leave() refuses parts out of order, of another size, and beyond the last", async ({ drops }) => {
    const drop = testDrop(1, 2 * PART_BYTES);
    await assertRefused(drops.leave(leaving(drop, 1)), "drop_not_found");
    const long = { ...leaving(drop, 0), body: new Uint8Array(PART_BYTES + 1) };
    const expected = PART_BYTES;
    await assertRefused(drops.leave(long), "part_size", { expected });
    await drops.leave(leaving(drop, 0));
    const next = { next: 1 };
    await assertRefused(
      drops.leave(leaving(drop, 2)),
      "part_out_of_order",
      next,
    );
    const short = { ...leaving(drop, 1), body: new Uint8Array(0) };
    await assertRefused(drops.leave(short), "part_size", { expected });
    await drops.leave(leaving(drop, 1));
    await assertRefused(drops.leave(leaving(drop, 2)), "part_out_of_order", {
      next: 2,
    });
  });

  test("a wrong token is answered like a drop that is not there", async ({ drops }) => {
    const drop = testDrop(1, 5);
    const { id, deleteToken, takeToken } = drop;
    await leaveAll(drops, drop);
    const wrong = [
      () => drops.look(id, "deleteHash", takeToken),
      () => drops.look(id, "takeHash", deleteToken),
      () => drops.take(id, 0, { takeToken: WRONG, taking: ONE }),
      () => drops.acknowledge(id, { takeToken: deleteToken, taking: ONE }),
      () => drops.withdraw(id, takeToken),
      () => drops.look(testDrop(2, 1).id, "takeHash", takeToken),
      () => drops.leave({ ...leaving(drop, 1), deleteToken: WRONG }),
    ];
    for (const act of wrong) await assertRefused(act(), "drop_not_found");
    await assertRefused(
      drops.leave({ ...leaving(drop, 0), deleteToken: WRONG }),
      "drop_exists",
    );
    assertEquals(await takeAll(drops, drop, ONE), drop.bytes);
  });

  test("take() keeps others out for a minute, and renews that when it is half over", async (stage) => {
    const { drops } = stage;
    const drop = testDrop(1, 5);
    const { id, takeToken } = drop;
    await leaveAll(drops, drop);
    await takeAll(drops, drop, ONE);
    stage.nowMs += 45_000;
    await takeAll(drops, drop, ONE);
    stage.nowMs += 59_000;
    await assertRefused(takeAll(drops, drop, OTHER), "being_taken", {
      retry_s: 1,
    });
    await assertRefused(
      drops.acknowledge(id, { takeToken, taking: OTHER }),
      "being_taken",
      { retry_s: 1 },
    );
    stage.nowMs += 1000;
    assertEquals(await takeAll(drops, drop, OTHER), drop.bytes);
    await assertRefused(takeAll(drops, drop, ONE), "being_taken", {
      retry_s: 60,
    });
  });

  test("take() gives one of several receivers the lease, when they come at once", async ({ drops }) => {
    const drop = testDrop(1, 5);
    await leaveAll(drops, drop);
    const takings = ["1", "2", "3", "4"].map((digit) => digit.repeat(32));
    const taken = await Promise.allSettled(
      takings.map((taking) => takeAll(drops, drop, taking)),
    );
    const codes = taken.map((one) =>
      one.status === "fulfilled" ? "ok" : one.reason.code
    );
    assertEquals(codes.sort(), [
      "being_taken",
      "being_taken",
      "being_taken",
      "ok",
    ]);
  });

  test("take() gives nothing of a drop that is not complete", async ({ drops }) => {
    const drop = testDrop(1, 2 * PART_BYTES);
    await drops.leave(leaving(drop, 0));
    await assertRefused(takeAll(drops, drop, ONE), "drop_incomplete");
    const { id, takeToken } = drop;
    await assertRefused(
      drops.acknowledge(id, { takeToken, taking: ONE }),
      "drop_incomplete",
    );
  });

  test("acknowledge() deletes the drop, and the sender sees that it was taken", async (stage) => {
    const { drops, store, metrics } = stage;
    const drop = testDrop(1, 100_000);
    const { id, takeToken, deleteToken } = drop;
    await leaveAll(drops, drop, { ttlMs: HOUR_MS });
    await takeAll(drops, drop, ONE);
    const receipts = await Promise.all(
      [1, 2].map(() => drops.acknowledge(id, { takeToken, taking: ONE })),
    );
    assertEquals(receipts.map(({ state }) => state), ["taken", "taken"]);
    assertEquals(metrics.get("drops_ended", "taken"), 1);
    assertEquals(drops.totals, { drops: 0, bytes: 0, taken: 1 });
    stage.nowMs += 5000;
    const { state, taken_s } = await drops.look(id, "deleteHash", deleteToken);
    assertEquals([state, taken_s], ["taken", 5]);
    await assertRefused(takeAll(drops, drop, ONE), "drop_taken");
    await assertRefused(drops.leave(leaving(drop, 0)), "drop_taken");
    await assertRefused(drops.withdraw(id, deleteToken), "drop_taken");
    const { row } = (await store.find(id))!;
    assertEquals(await store.readPart(row, 0), null);
    stage.nowMs += HOUR_MS;
    await assertRefused(
      drops.look(id, "deleteHash", deleteToken),
      "drop_not_found",
    );
    assertEquals(drops.totals, { drops: 0, bytes: 0, taken: 0 });
    assertEquals(metrics.get("drops_ended", "expired"), 0);
  });

  test("withdraw() deletes a drop, complete or not", async ({ drops, store }) => {
    for (const parts of [1, 2]) {
      const drop = testDrop(parts, 2 * PART_BYTES);
      for (let part = 0; part < parts; part++) {
        await drops.leave(leaving(drop, part));
      }
      const { state } = await drops.withdraw(drop.id, drop.deleteToken);
      assertEquals(state, "deleted");
      assertEquals(await store.find(drop.id), null);
    }
    assertEquals(drops.totals, { drops: 0, bytes: 0, taken: 0 });
  });

  test(
    "a network has a limited number of drops until some have ended",
    async ({ drops }) => {
      const at = (address: string, number: number) =>
        drops.leave(leaving(testDrop(number, 5), 0, { address }));
      await at("2001:db8::1", 1);
      await at("2001:db8::2", 2);
      await assertRefused(at("2001:db8::3", 3), "too_many_drops");
      await at("2001:db8:0:1::1", 4);
      const { id, deleteToken } = testDrop(1, 5);
      await drops.withdraw(id, deleteToken);
      await at("2001:db8::3", 3);
    },
    { maxDropsPerAddress: 2 },
  );

  test(
    "drops are limited in number, in bytes, and each in size",
    async ({ drops }) => {
      const leave = (number: number, size: number) =>
        drops.leave(leaving(testDrop(number, size), 0));
      await assertRefused(leave(1, 100_001), "drop_too_large", {
        max_bytes: 100_000,
      });
      await leave(1, 100_000);
      await assertRefused(leave(2, 50_001), "store_full");
      await leave(2, 40_000);
      await leave(3, 10_000);
      await assertRefused(leave(4, 1), "store_full");
      assertEquals(drops.totals, { drops: 3, bytes: 150_000, taken: 0 });
    },
    { maxDropBytes: 100_000, maxTotalBytes: 150_000 },
  );

  test(
    "a drop that is not complete takes eight parts ahead, and waits for space beyond them",
    async ({ drops }) => {
      const [large, other] = [16, 12].map((parts, number) =>
        testDrop(number, parts * PART_BYTES)
      );
      const leave = async (drop: TestDrop, from: number, to: number) => {
        for (let part = from; part < to; part++) {
          await drops.leave(leaving(drop, part));
        }
      };
      const taken = () => drops.totals.bytes / PART_BYTES;
      await leave(large!, 0, 1);
      assertEquals(taken(), 8);
      await assertRefused(
        leave(testDrop(2, 12 * PART_BYTES + 1), 0, 1),
        "store_full",
      );
      await leave(other!, 0, 1);
      await leave(large!, 1, 7);
      assertEquals(taken(), 16);
      await assertRefused(leave(large!, 7, 8), "store_full");
      assertEquals(taken(), 16);
      await leave(other!, 1, 12);
      assertEquals(taken(), 20);
      await assertRefused(leave(large!, 7, 8), "store_full");
      await drops.withdraw(other!.id, other!.deleteToken);
      await leave(large!, 7, 16);
      assertEquals(taken(), 16);
      await drops.withdraw(large!.id, large!.deleteToken);
      assertEquals(taken(), 0);
    },
    { maxTotalBytes: 20 * PART_BYTES },
  );

  test("waiting() names drops from their last part until they are taken or expired", async (stage) => {
    const { drops } = stage;
    const drop = (number: number) => testDrop(number, PART_BYTES + 1);
    const [whole, half, taken] = [drop(1), drop(2), drop(3)];
    const [short, back] = [drop(4), drop(5)];
    const ids = [whole, half, taken, short, back].map(({ id }) => id);
    for (const drop of [whole, taken, back]) await leaveAll(drops, drop);
    await leaveAll(drops, short, { ttlMs: HOUR_MS });
    await drops.leave(leaving(half, 0));
    assertEquals(
      await drops.waiting(ids),
      [whole.id, taken.id, short.id, back.id],
    );
    await takeAll(drops, taken, ONE);
    assertEquals((await drops.waiting(ids)).includes(taken.id), true);
    const { id, takeToken } = taken;
    await drops.acknowledge(id, { takeToken, taking: ONE });
    await drops.withdraw(back.id, back.deleteToken);
    assertEquals(await drops.waiting(ids), [whole.id, short.id]);
    stage.nowMs += HOUR_MS;
    assertEquals(await drops.waiting(ids), [whole.id]);
  });

  test("leave() makes no drop again that is taken back before its first part is stored", async ({ drops, store }) => {
    const drop = testDrop(1, 5);
    const append = store.append.bind(store);
    store.append = async (...args) => {
      store.append = append;
      await drops.withdraw(drop.id, drop.deleteToken);
      return await append(...args);
    };
    await assertRefused(leaveAll(drops, drop), "drop_not_found");
    assertEquals(drops.totals.drops, 0);
  });

  test("drops that come at once stay within the quotas", async ({ drops }) => {
    const left = await Promise.allSettled(
      [1, 2, 3, 4, 5, 6].map((number) => leaveAll(drops, testDrop(number, 5))),
    );
    const done = left.filter(({ status }) => status === "fulfilled");
    assertEquals([done.length, drops.totals.drops], [3, 3]);
  }, { maxDrops: 3 });

  test(
    "an address makes a limited number of drops in a minute",
    async (stage) => {
      const { drops } = stage;
      await leaveAll(drops, testDrop(1, 5));
      await assertRefused(leaveAll(drops, testDrop(2, 5)), "too_many_drops");
      stage.nowMs += MINUTE_MS;
      await leaveAll(drops, testDrop(2, 5));
    },
    { createsPerMinute: 1 },
  );

  test("sweep() deletes drops that have expired, and those that are abandoned", async (stage) => {
    const { drops, store, metrics } = stage;
    const [whole, half] = [testDrop(1, 5), testDrop(2, 2 * PART_BYTES)];
    await leaveAll(drops, whole, { ttlMs: HOUR_MS });
    await drops.leave(leaving(half, 0));
    stage.nowMs += 10 * MINUTE_MS - 1;
    await drops.sweep();
    assertEquals(drops.totals.drops, 2);
    stage.nowMs += 1;
    await drops.sweep();
    assertEquals(await store.find(half.id), null);
    assertEquals(await takeAll(drops, whole, ONE), whole.bytes);
    stage.nowMs += 50 * MINUTE_MS;
    await drops.sweep();
    await drops.sweep();
    assertEquals(drops.totals, { drops: 0, bytes: 0, taken: 0 });
    assertEquals(metrics.get("drops_ended", "expired"), 1);
    assertEquals(metrics.get("drops_ended", "abandoned"), 1);
  });

  test("a part keeps a drop from being abandoned, and a drop that has expired is gone before a sweep", async (stage) => {
    const { drops } = stage;
    const drop = testDrop(1, 3 * PART_BYTES);
    await drops.leave(leaving(drop, 0, { ttlMs: HOUR_MS }));
    for (const part of [1, 2]) {
      stage.nowMs += 9 * MINUTE_MS;
      await drops.sweep();
      await drops.leave(leaving(drop, part));
    }
    stage.nowMs += 42 * MINUTE_MS;
    await assertRefused(takeAll(drops, drop, ONE), "drop_not_found");
    await leaveAll(drops, drop);
    assertEquals(await takeAll(drops, drop, ONE), drop.bytes);
  });

  test(
    "what was taken is remembered for as many drops as there may be",
    async ({ drops }) => {
      for (const number of [1, 2, 3]) {
        const drop = testDrop(number, 5);
        await leaveAll(drops, drop);
        const { id, takeToken } = drop;
        await drops.acknowledge(id, { takeToken, taking: ONE });
      }
      assertEquals(drops.totals, { drops: 0, bytes: 0, taken: 2 });
    },
    { maxDrops: 2 },
  );

  test("log and metrics name neither ids, tokens nor addresses", async ({ drops, log, metrics }) => {
    const drop = testDrop(0xabcdef, 5);
    const { id, takeToken } = drop;
    await leaveAll(drops, drop, { address: "192.0.2.77" });
    await drops.acknowledge(id, { takeToken, taking: ONE });
    const name = log[0]!.drop as string;
    assertEquals(/^[0-9a-f]{12}$/.test(name), true);
    assertEquals(log, [
      { event: "drop_left", drop: name, sender: "192.0.2.0/24", bytes: 5 },
      { event: "drop_ended", outcome: "taken", drop: name, bytes: 5 },
    ]);
    assertEquals(id.includes(name), false);
    assertEquals(metrics.get("drops_left"), 1);
  });
}
