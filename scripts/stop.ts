/**
 * Ends shares of the user on this machine.
 *
 * @module
 */

import { parseFlags, readOptions, refuseMore } from "./cli/flags.ts";
import { SpreadError, usage } from "../lib/errors.ts";
import { TypedInput, type TypedWords } from "./cli/typed_input.ts";
import { askShare } from "../lib/shares/owner_control.ts";
import {
  readEntries,
  removeEntry,
  type ShareEntry,
} from "../lib/shares/entries.ts";
import { sharesFolder, stateFolder } from "./cli/surroundings.ts";
import { Terminal } from "./cli/terminal.ts";

const USAGE = `Ends a share: the one there is, the one named, or all.

Usage: stop.ts [--json] [ID | --all]

  --all        end every share
  --typed DIR  take ID or --all from the line that was typed in Claude Code and kept in
               DIR
  --json       print one JSON line for each share that was ended
  --help       print this

claude-spread status shows the IDs.
`;

async function stop(options: StopOptions, terminal: Terminal): Promise<void> {
  const folder = sharesFolder(stateFolder());
  const { entries } = await readEntries(folder, new Date());
  const open = entries.filter(({ ended }) => ended === undefined);
  const silent: ShareEntry[] = [];
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
    `Cannot end ${ids}: no answer`,
    `Try again; kill ${pids} ends it from outside`,
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
      "claude-spread status shows which there are; --all ends every one",
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
export interface StopOptions {
  help: boolean;
  /** Folder of the line typed in Claude Code. */
  typed?: string;
  all: boolean;
  /** The share to end; if absent, the only one. */
  id?: string;
}

/**
 * Reads the arguments of `stop`.
 *
 * @param words Words from the typed line.
 * @throws {SpreadError} `USAGE`.
 */
export function parseStopArgs(
  args: string[],
  words?: TypedWords,
): StopOptions {
  const flags = parseFlags([...words?.args ?? [], ...args], {
    boolean: ["help", "json", "all"],
    string: ["typed"],
  });
  const typed = words?.passphrase ?? null;
  const [id, ...rest] = [...typed === null ? [] : [typed], ...flags.positional];
  refuseMore(rest);
  if (id !== undefined && flags.has("all")) {
    throw usage("An ID and --all do not go together", "Use one of them");
  }
  return {
    help: flags.has("help"),
    typed: flags.get("typed"),
    all: flags.has("all"),
    id,
  };
}

/** @returns The exit code. */
export async function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: args.includes("--json") });
  try {
    const options = await readOptions(
      (words) => parseStopArgs(args, words),
      (place) => new TypedInput().take(place, "stop", "stop"),
    );
    if (options.help) terminal.print(USAGE);
    else await stop(options, terminal);
    return 0;
  } catch (error) {
    return terminal.fail(error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
