/**
 * Lists the shares of this person on this machine, and who has received what.
 *
 * @module
 */

import { cleanLine } from "../lib/text/clean_text.ts";
import { tellShare } from "../lib/shares/owner_control.ts";
import {
  readRecords,
  removeRecord,
  type ShareRecord,
} from "../lib/shares/entries.ts";
import { parseStatusArgs } from "./_owner_options.ts";
import { sharesFolder } from "./_registration.ts";
import { formatBytes, formatCount, Terminal } from "./_terminal.ts";
import { stateFolder } from "./_world.ts";

const USAGE = `Lists shares that are open, or have ended within a day.

Usage: status.ts [--json]

  --json    print one JSON line for each share
  --help    print this
`;

/** What became of a share. */
type State = "open" | "silent" | "ended" | "lost";

const STATES = { heard: "open", silent: "silent", gone: "lost" } as const;

async function status(terminal: Terminal): Promise<void> {
  const folder = sharesFolder(stateFolder());
  const { records, unreadable } = await readRecords(folder, new Date());
  for (const record of records) {
    const state = await stateOf(record);
    // Its process was ended from outside: nothing is left of it but this.
    if (state === "lost") await removeRecord(folder, record.id);
    show(record, state, terminal);
  }
  for (const path of unreadable) {
    terminal.warn(
      `"${path}" is not a record of this version; it is left alone`,
    );
  }
  if (records.length === 0) terminal.say("nothing is shared");
}

async function stateOf(record: ShareRecord): Promise<State> {
  if (record.ended !== undefined) return "ended";
  const hearing = await tellShare(record, "ping", new Date());
  return STATES[hearing];
}

function show(record: ShareRecord, state: State, terminal: Terminal): void {
  const { token: _token, port: _port, version: _version, ...shown } = record;
  terminal.event("share", { state, ...shown });
  const name = cleanLine(record.name, 80);
  const { delivered, size, kind } = record;
  // Of sessions the size is that of their list.
  const [what, done] = kind === "session"
    ? [name, `${formatCount(delivered, "session")} taken`]
    : [
      `${name} (${formatBytes(size)})`,
      `${formatCount(delivered, "receiver")} confirmed`,
    ];
  terminal.say(`${record.id}  ${what}  ${words(record, state)}; ${done}`);
  for (const { peer, at, took } of record.receivers) {
    const what = took && ` took "${cleanLine(took.name, 80)}" (${took.id})`;
    terminal.say(`          ${cleanLine(peer, 80)} at ${at}${what ?? ""}`);
  }
}

function words(record: ShareRecord, state: State): string {
  switch (state) {
    case "open":
      return `open until ${record.ends}${
        record.room === undefined ? "" : `, room ${record.room}`
      }`;
    case "silent":
      return `does not answer now; ends at ${record.ends}`;
    case "ended":
      return `ended at ${record.ended!.at} (${
        cleanLine(record.ended!.why, 80)
      })`;
    case "lost":
      return "was ended from outside";
  }
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
