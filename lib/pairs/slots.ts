/**
 * Slots: which topic of a day a share or drop for a pair gets. A side takes each of the day's
 * topics once, in order, before it takes one again.
 *
 * @module
 */

import { dayOf, type Slot, SLOTS } from "./derive.ts";
import type { Pair } from "./pair.ts";
import { writePair } from "./pair_files.ts";

/**
 * Takes the next slot of today, and notes that in the file of the pair.
 *
 * Two commands at the same moment may take the same one; then two rooms share a topic, and of two
 * drops the relay refuses the second, which takes the next slot.
 *
 * @param pair Pair whose file is rewritten; its `used` is changed.
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function takeSlot(
  folder: string,
  pair: Pair,
  now: Date,
): Promise<Slot> {
  const day = dayOf(now);
  const count = pair.used?.day === day ? pair.used.count : 0;
  pair.used = { day, count: count + 1 };
  await writePair(folder, pair);
  return { day, slot: count % SLOTS };
}
