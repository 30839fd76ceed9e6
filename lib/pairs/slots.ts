/**
 * Slots: which topic of a day a share or drop for a pair gets. A side takes each of the day's
 * topics once, in order, before it takes one again.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";
import { dayOf, type Slot, SLOTS } from "./derive.ts";
import type { Pair } from "./pair.ts";
import { readPairs, writePair } from "./pair_files.ts";
import { changePairs } from "./pair_lock.ts";

/**
 * Takes the next slot of today, and notes that in the file of the pair.
 *
 * @throws {SpreadError} `NO_PAIR` when the pair was forgotten meanwhile; `CANNOT_STORE`.
 */
export async function takeSlot(
  folder: string,
  { id, name }: Pick<Pair, "id" | "name">,
  now: Date,
): Promise<Slot> {
  const day = dayOf(now);
  return await changePairs(folder, async () => {
    const { pairs } = await readPairs(folder);
    const pair = pairs.find((one) => one.id === id);
    if (pair === undefined) throw forgotten(name);
    const count = pair.used?.day === day ? pair.used.count : 0;
    await writePair(folder, { ...pair, used: { day, count: count + 1 } });
    return { day, slot: count % SLOTS };
  });
}

function forgotten(name: string): SpreadError {
  return new SpreadError(
    "NO_PAIR",
    `The pair ${name} was forgotten meanwhile, so nothing is shared with it`,
    "claude-spread pairs lists those that are left",
  );
}
