/** `Drops` in any order of requests: totals are those of the rows, and bytes those that were left. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { DropStage, leaving, STORES, testDrop } from "../testing/drops.ts";
import { Refusal } from "../limits/refusal.ts";
import { PART_BYTES } from "./drop_row.ts";

const DROPS = [1, 2, 3].map((number) => testDrop(number, PART_BYTES + number));
const TAKINGS = ["1".repeat(32), "2".repeat(32)];
const LIMITS = {
  maxDrops: 2,
  maxDropsPerAddress: 2,
  maxTotalBytes: 2 * PART_BYTES + 4,
};

interface Request {
  kind: string;
  /** Index of the drop. */
  index: number;
  part: number;
  taking: string;
}

/** Requests that arrive at the same time, each about one of the drops. */
const Batch: fc.Arbitrary<Request[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(
      ...["leave", "leave", "leave", "take", "receipt", "withdraw", "sweep"],
    ),
    index: fc.nat(DROPS.length - 1),
    part: fc.nat(1),
    taking: fc.constantFrom(...TAKINGS),
  }),
  { minLength: 1, maxLength: 4 },
);
const Steps = fc.array(
  fc.record({
    batch: Batch,
    sleepMs: fc.constantFrom(0, 0, 61_000, 660_000, 4_000_000),
  }),
  { maxLength: 12 },
);

async function ask(
  { drops }: DropStage,
  { kind, index, part, taking }: Request,
): Promise<void> {
  const drop = DROPS[index]!;
  const { id, takeToken, deleteToken, bytes } = drop;
  try {
    if (kind === "leave") {
      await drops.leave(leaving(drop, part, { ttlMs: 3_600_000 }));
    } else if (kind === "take") {
      const start = part * PART_BYTES;
      const taken = await drops.take(id, part, { takeToken, taking });
      assertEquals(taken, bytes.slice(start, start + PART_BYTES));
    } else if (kind === "receipt") {
      await drops.acknowledge(id, { takeToken, taking });
    } else if (kind === "withdraw") {
      await drops.withdraw(id, deleteToken);
    } else {
      await drops.sweep();
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const isFault = ["store_failed", "changed"].includes(error.code);
    assertEquals(isFault, false, error.code);
  }
}

for (const store of STORES) {
  Deno.test(`${store}: totals and bytes are right, in whatever order requests come`, async () => {
    await fc.assert(
      fc.asyncProperty(Steps, async (steps) => {
        await using stage = await DropStage.open(store, LIMITS);
        for (const { batch, sleepMs } of steps) {
          await Promise.all(batch.map((one) => ask(stage, one)));
          stage.nowMs += sleepMs;
          // Brings totals up to date, without an end to any drop.
          await stage.store.due(0);
          const totals = { drops: 0, bytes: 0, taken: 0 };
          for (const { id } of DROPS) {
            const row = (await stage.store.find(id))?.row;
            if (row === undefined) continue;
            totals.drops += row.takenMs === null ? 1 : 0;
            totals.bytes += row.takenMs === null ? row.bytes : 0;
            totals.taken += row.takenMs === null ? 0 : 1;
          }
          assertEquals(stage.drops.totals, totals);
          assertEquals(totals.drops <= LIMITS.maxDrops, true);
          assertEquals(totals.bytes <= LIMITS.maxTotalBytes, true);
        }
      }),
      { numRuns: 40 },
    );
  });
}
