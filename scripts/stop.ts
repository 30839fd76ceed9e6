/**
 * Ends shares of the user on this machine.
 *
 * @module
 */

import { type Flags, refuseMore } from "./cli/flags.ts";
import {
  runCommand,
  type Running,
  type TypedWords,
} from "./cli/run_command.ts";
import { SpreadError, usage } from "../lib/errors.ts";
import { askShare } from "../lib/shares/owner_exchange.ts";
import {
  readEntries,
  removeEntry,
  type ShareEntry,
} from "../lib/shares/entries.ts";
import { sharesFolder, stateFolder } from "./cli/surroundings.ts";
import type { Terminal } from "./cli/terminal.ts";

async function stop(options: StopOptions, terminal: Terminal): Promise<void> {
  const folder = sharesFolder(stateFolder());
  const { entries } = await readEntries(folder, new Date());
  const open = entries.filter(({ ended }) => ended === undefined);
  const silent: ShareEntry[] = [];
  if (options.all && open.length === 0) terminal.say("nothing is shared");
  for (const entry of choose(open, options)) {
    const { id } = entry;
    const answer = await askShare(entry, "stop", new Date());
    if (answer === "silent") {
      silent.push(entry);
      continue;
    }
    const wasThere = answer === "answered";
    // A killed process has left its entry.
    if (!wasThere) await removeEntry(folder, id);
    terminal.say(
      wasThere ? `ended ${id}` : `${id} had ended already`,
      "stopped",
      { id, was_open: wasThere },
    );
  }
  if (silent.length > 0) throw stillOpen(silent);
}

function stillOpen(silent: ShareEntry[]): SpreadError {
  const ids = silent.map(({ id }) => id).join(", ");
  const pids = silent.map(({ pid }) => pid).join(" ");
  return new SpreadError(
    "UNREACHABLE",
    `Cannot end ${ids}: the share does not answer`,
    `Try again, or end its process: kill ${pids}`,
  );
}

/** @throws {SpreadError} `USAGE` when it is unclear which share the user means. */
function choose(
  open: ShareEntry[],
  { id, all }: StopOptions,
): ShareEntry[] {
  if (all) return open;
  if (id !== undefined) {
    const named = open.filter((entry) => entry.id === id);
    if (named.length > 0) return named;
    throw new SpreadError(
      "USAGE",
      `No open share has the ID "${id}"`,
      "Find the IDs with claude-spread status, or add --all to end every share",
    );
  }
  if (open.length === 1) return open;
  throw new SpreadError(
    "USAGE",
    open.length === 0 ? "Nothing is shared" : "More than one share is open",
    open.length === 0
      ? ""
      : `Name one of ${open.map((entry) => entry.id).join(", ")}, or add --all`,
  );
}

/** Options of `stop`. */
interface StopOptions {
  all: boolean;
  /** The share to end; if absent, the only one. */
  id?: string;
}

/** @throws {SpreadError} `USAGE`. */
function readOptions(flags: Flags, typed: TypedWords | undefined): StopOptions {
  const [id, ...rest] = [
    ...typed?.passphrase ? [typed.passphrase] : [],
    ...flags.operands,
  ];
  refuseMore(rest);
  const all = flags.has("all");
  if (id !== undefined && all) {
    throw usage("An ID and --all cannot be used together", "Use one of them");
  }
  return { all, id };
}

/** Runs `stop` with parsed flags, for a person or for a skill. */
export async function run(
  flags: Flags,
  { terminal, typed }: Running,
): Promise<void> {
  await stop(readOptions(flags, typed), terminal);
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("stop", args, run);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
