/**
 * Lists the user's shares on this machine, and their receivers; and drops, for which it asks their
 * relays.
 *
 * @module
 */

import { type Flags, refuseMore } from "./cli/flags.ts";
import { runCommand, type Running } from "./cli/run_command.ts";
import { askShare } from "../lib/shares/owner_exchange.ts";
import {
  readEntries,
  removeEntry,
  type ShareEntry,
} from "../lib/shares/entries.ts";
import { dropsFolder, sharesFolder } from "./cli/surroundings.ts";
import type { Terminal } from "./cli/terminal.ts";
import type { OwnDrops } from "./status/drops.ts";
import type { ShareState } from "./status/share_table.ts";

const STATES = { answered: "open", silent: "silent", gone: "lost" } as const;

async function status(
  terminal: Terminal,
  { isLocal }: { isLocal: boolean },
): Promise<void> {
  const folder = sharesFolder();
  const { entries, unreadable } = await readEntries(folder, new Date());
  const shares: { entry: ShareEntry; state: ShareState }[] = [];
  for (const entry of entries) {
    const state = await stateOf(entry);
    // Its process was killed: the entry is all that is left of it.
    if (state === "lost") await removeEntry(folder, entry.id);
    const { token: _token, port: _port, version: _version, ...shown } = entry;
    terminal.event("share", { state, ...shown });
    shares.push({ entry, state });
  }
  const drops = await lookAtDrops(isLocal);
  for (const path of [...unreadable, ...drops.unreadable]) {
    terminal.warn(
      `"${path}" is not a share entry of this version; it is left alone`,
    );
  }
  if (shares.length === 0 && drops.drops.length === 0) {
    return terminal.say("nothing is shared");
  }
  for (const { state, why, entry } of drops.drops) {
    const { token: _token, version: _version, drop: _drop, ...shown } = entry;
    // The ID third: completion reads it there.
    terminal.event("drop", { state, ...shown, why });
  }
  const now = new Date();
  const { formatShares } = await import("./status/share_table.ts");
  const { dropRow } = await import("./status/drop_rows.ts");
  const rows = drops.drops.map((drop) => dropRow(drop, now));
  terminal.printUnlessJson(
    formatShares(shares, terminal.tableScreen, now, rows),
  );
}

/** Asks relays for this user's drops; without any, needs no further module. */
async function lookAtDrops(isLocal: boolean): Promise<OwnDrops> {
  const isThere = await Deno.stat(dropsFolder()).then(() => true, () => false);
  if (!isThere) return { drops: [], unreadable: [] };
  const { lookAtDrops } = await import("./status/drops.ts");
  return await lookAtDrops(new Date(), isLocal);
}

async function stateOf(entry: ShareEntry): Promise<ShareState> {
  if (entry.ended !== undefined) return "ended";
  const answer = await askShare(entry, "ping", new Date());
  return STATES[answer];
}

/** Runs `status` with parsed flags, for a person or for a skill. */
export async function run(flags: Flags, { terminal }: Running): Promise<void> {
  refuseMore(flags.operands);
  await status(terminal, { isLocal: flags.has("local") });
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("status", args, run);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
