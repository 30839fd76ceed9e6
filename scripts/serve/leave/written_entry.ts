/**
 * The entry of a drop while it is being left. `status` and `stop` read and change it meanwhile.
 *
 * @module
 */

import {
  type DropEntry,
  removeDropEntry,
  wasTakenBack,
  writeDropEntry,
} from "../../../lib/drops/entries.ts";
import { SpreadError } from "../../../lib/errors.ts";
import { dropsFolder } from "../../cli/surroundings.ts";
import type { Terminal } from "../../cli/terminal.ts";

/** Writes the entry before anything is sent; whether that worked. */
export async function keepEntry(
  entry: DropEntry,
  terminal: Terminal,
): Promise<boolean> {
  try {
    await writeDropEntry(dropsFolder(), entry);
    return true;
  } catch (error) {
    if (!(error instanceof SpreadError)) throw error;
    terminal.warn(`${error.message}: status and stop will not find this drop`);
    return false;
  }
}

/** Notes that all of the drop is there; where that fails, `status` asks the relay. */
export async function noteLeft(
  entry: DropEntry,
  terminal: Terminal,
): Promise<void> {
  try {
    await writeDropEntry(dropsFolder(), entry);
  } catch (error) {
    if (!(error instanceof SpreadError)) throw error;
    terminal.warn(`${error.message}: the drop waits all the same`);
  }
}

/**
 * Makes sure that nobody has taken back a drop whose entry was written.
 *
 * @throws {SpreadError} `INTERRUPTED`.
 */
export async function requireWanted({ id }: DropEntry): Promise<void> {
  if (!await wasTakenBack(dropsFolder(), id)) return;
  throw new SpreadError(
    "INTERRUPTED",
    "Stopped: another command has taken the drop back",
  );
}

/**
 * Removes the entry of a drop that could not be left, unless it says that the drop was taken back;
 * where the relay may still have the drop, makes sure that `stop` finds it.
 */
export async function noteEnd(
  entry: DropEntry,
  isGone: boolean,
): Promise<void> {
  const isBack = await wasTakenBack(dropsFolder(), entry.id);
  if (isGone && !isBack) await removeDropEntry(dropsFolder(), entry.id);
  if (isGone || !isBack) return;
  await writeDropEntry(dropsFolder(), entry).catch((error) => {
    if (!(error instanceof SpreadError)) throw error;
  });
}
