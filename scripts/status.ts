/**
 * Lists the user's shares on this machine, and their receivers.
 *
 * @module
 */

import { parseFlags, refuseMore } from "./cli/flags.ts";
import { askShare } from "../lib/shares/owner_control.ts";
import {
  readEntries,
  removeEntry,
  type ShareEntry,
} from "../lib/shares/entries.ts";
import { sharesFolder, stateFolder } from "./cli/surroundings.ts";
import { Terminal } from "./cli/terminal.ts";
import type { ShareState } from "./status/share_table.ts";

const USAGE = `Lists shares that are open, or have ended within a day.

Usage: status.ts [--json]

  --json    print one JSON line for each share
  --help    print this
`;

const STATES = { answered: "open", silent: "silent", gone: "lost" } as const;

async function status(terminal: Terminal): Promise<void> {
  const folder = sharesFolder(stateFolder());
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
  for (const path of unreadable) {
    terminal.warn(
      `"${path}" is not a share entry of this version; it is left alone`,
    );
  }
  if (shares.length === 0) return terminal.say("nothing is shared");
  const { formatShares } = await import("./status/share_table.ts");
  terminal.printUnlessJson(
    formatShares(shares, terminal.tableScreen, new Date()),
  );
}

async function stateOf(entry: ShareEntry): Promise<ShareState> {
  if (entry.ended !== undefined) return "ended";
  const answer = await askShare(entry, "ping", new Date());
  return STATES[answer];
}

/** Options of `status`. */
export interface StatusOptions {
  help: boolean;
}

/**
 * Reads the arguments of `status`.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function parseStatusArgs(args: string[]): StatusOptions {
  const flags = parseFlags(args, { boolean: ["help", "json"], string: [] });
  refuseMore(flags.positional);
  return { help: flags.has("help") };
}

/** @returns The exit code. */
export async function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: args.includes("--json") });
  try {
    if (parseStatusArgs(args).help) terminal.print(USAGE);
    else await status(terminal);
    return 0;
  } catch (error) {
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
