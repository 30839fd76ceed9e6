/**
 * Lists the user's shares on this machine, and their receivers.
 *
 * @module
 */

import { refuseMore } from "./cli/flags.ts";
import { runCommand } from "./cli/run_command.ts";
import { cleanLine } from "../lib/text/clean_text.ts";
import { askShare } from "../lib/shares/owner_control.ts";
import {
  readEntries,
  removeEntry,
  type ShareEntry,
} from "../lib/shares/entries.ts";
import { sharesFolder, stateFolder } from "./cli/surroundings.ts";
import { formatBytes, formatCount, type Terminal } from "./cli/terminal.ts";

/** State of a share. */
type State = "open" | "silent" | "ended" | "lost";

const STATES = { answered: "open", silent: "silent", gone: "lost" } as const;

async function status(terminal: Terminal): Promise<void> {
  const folder = sharesFolder(stateFolder());
  const { entries, unreadable } = await readEntries(folder, new Date());
  for (const entry of entries) {
    const state = await stateOf(entry);
    // Its process was killed: the entry is all that is left of it.
    if (state === "lost") await removeEntry(folder, entry.id);
    show(entry, state, terminal);
  }
  for (const path of unreadable) {
    terminal.warn(
      `"${path}" is not a record of this version; it is left alone`,
    );
  }
  if (entries.length === 0) terminal.say("nothing is shared");
}

async function stateOf(entry: ShareEntry): Promise<State> {
  if (entry.ended !== undefined) return "ended";
  const answer = await askShare(entry, "ping", new Date());
  return STATES[answer];
}

function show(entry: ShareEntry, state: State, terminal: Terminal): void {
  const { token: _token, port: _port, version: _version, ...shown } = entry;
  terminal.event("share", { state, ...shown });
  const name = cleanLine(entry.name, 80);
  const { delivered, size, kind } = entry;
  // For sessions, the size is that of their list.
  const [what, done] = kind === "session"
    ? [name, `${formatCount(delivered, "session")} taken`]
    : [
      `${name} (${formatBytes(size)})`,
      `${formatCount(delivered, "receiver")} confirmed`,
    ];
  terminal.say(`${entry.id}  ${what}  ${words(entry, state)}; ${done}`);
  for (const { peer, at, took } of entry.receivers) {
    const what = took && ` took "${cleanLine(took.name, 80)}" (${took.id})`;
    terminal.say(`          ${cleanLine(peer, 80)} at ${at}${what ?? ""}`);
  }
}

function words(entry: ShareEntry, state: State): string {
  switch (state) {
    case "open":
      return `open until ${entry.ends}${
        entry.room === undefined ? "" : `, room ${entry.room}`
      }`;
    case "silent":
      return `does not answer now; ends at ${entry.ends}`;
    case "ended":
      return `ended at ${entry.ended!.at} (${cleanLine(entry.ended!.why, 80)})`;
    case "lost":
      return "was ended from outside";
  }
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("status", args, async (flags, { terminal }) => {
    refuseMore(flags.operands);
    await status(terminal);
  });
}

if (import.meta.main) Deno.exit(await main(Deno.args));
