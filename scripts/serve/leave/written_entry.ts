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

/** Consequences of an entry that cannot be written. */
const NOT_FOUND = "status and stop will not find this drop";
const STILL_WAITS = "the drop waits all the same";

/** Writes the entry before anything is sent; whether that worked. */
export async function keepEntry(
  entry: DropEntry,
  terminal: Terminal,
): Promise<boolean> {
  return await write(entry, terminal, NOT_FOUND);
}

/** Notes that all of the drop is there; where that fails, `status` asks the relay. */
export async function noteLeft(
  entry: DropEntry,
  terminal: Terminal,
): Promise<void> {
  await write(entry, terminal, STILL_WAITS);
}

/** Writes an entry, or warns of the consequence; returns whether that worked. */
async function write(
  entry: DropEntry,
  terminal: Terminal,
  consequence: string,
): Promise<boolean> {
  try {
    await writeDropEntry(dropsFolder(), entry);
    return true;
  } catch (error) {
    if (!(error instanceof SpreadError)) throw error;
    terminal.warn(`${error.message}: ${consequence}`);
    return false;
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
  terminal: Terminal,
): Promise<void> {
  const isBack = await wasTakenBack(dropsFolder(), entry.id);
  if (isGone && !isBack) await removeDropEntry(dropsFolder(), entry.id);
  if (!isGone && isBack) await write(entry, terminal, NOT_FOUND);
}
