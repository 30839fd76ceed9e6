/**
 * Drops that were left on a machine, without a relay.
 *
 * @module
 */

import { writeDropEntry } from "../../../lib/drops/entries.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Writes the entry of a drop.
 *
 * @param when `expires`: in how many days.
 */
export async function leaveDrop(
  state: string,
  id: string,
  { expires, isOver = false }: { expires: number; isOver?: boolean },
): Promise<void> {
  const now = Date.now();
  await writeDropEntry(`${state}/drops`, {
    version: 1,
    id,
    drop: "d".repeat(32),
    relay: "wss://relay.example",
    token: "e".repeat(64),
    kind: "distillation",
    name: "a.md",
    size: 4,
    begun: new Date(now - 3 * DAY_MS).toISOString(),
    expires: new Date(now + expires * DAY_MS).toISOString(),
    ...isOver
      ? { over: { at: new Date(now - 1000).toISOString(), how: "taken" } }
      : {},
  });
}
