/**
 * Ends shares of the user on this machine, and takes back drops.
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
import type { DropEntry } from "../lib/drops/entries.ts";
import type { OwnDropState } from "../lib/drops/own_drops.ts";
import { askShare } from "../lib/shares/owner_exchange.ts";
import {
  readEntries,
  removeEntry,
  type ShareEntry,
} from "../lib/shares/entries.ts";
import { dropsFolder, sharesFolder } from "./cli/surroundings.ts";
import type { Terminal } from "./cli/terminal.ts";

async function stop(options: StopOptions, terminal: Terminal): Promise<void> {
  const now = new Date();
  const { entries } = await readEntries(sharesFolder(), now);
  const shares = entries.filter(({ ended }) => ended === undefined);
  const drops = await openDrops(now, options, shares.length);
  if (options.all && shares.length + drops.length === 0) {
    return terminal.say("nothing is shared");
  }
  const ids = choose([...shares, ...drops].map(({ id }) => id), options);
  const isChosen = ({ id }: { id: string }) => ids.includes(id);
  const errors = [
    await endShares(shares.filter(isChosen), terminal),
    ...await takeBack(drops.filter(isChosen), terminal),
  ].filter((error) => error !== null);
  const [first, ...others] = errors;
  for (const { message } of others) terminal.warn(message);
  if (first !== undefined) throw first;
}

/** Ends shares; the error for those that do not answer, if there are some. */
async function endShares(
  shares: ShareEntry[],
  terminal: Terminal,
): Promise<SpreadError | null> {
  const silent: ShareEntry[] = [];
  for (const entry of shares) {
    const { id } = entry;
    const answer = await askShare(entry, "stop", new Date());
    if (answer === "silent") {
      silent.push(entry);
      continue;
    }
    const wasThere = answer === "answered";
    // A killed process has left its entry.
    if (!wasThere) await removeEntry(sharesFolder(), id);
    terminal.say(
      wasThere ? `ended ${id}` : `${id} had ended already`,
      "stopped",
      { id, was_open: wasThere },
    );
  }
  return silent.length > 0 ? stillOpen(silent) : null;
}

/**
 * Drops that are not over, by what is known here; or by the relays' word, where only that can tell
 * which one the user means. Without any, needs no further module.
 */
async function openDrops(
  now: Date,
  { id, all }: StopOptions,
  shares: number,
): Promise<DropEntry[]> {
  const isThere = await Deno.stat(dropsFolder()).then(() => true, () => false);
  if (!isThere) return [];
  const { lookAtDrops } = await import("./status/drops.ts");
  const look = async (isLocal: boolean) => {
    const { drops } = await lookAtDrops(now, isLocal);
    return drops.map(({ entry }) => entry)
      .filter(({ over }) => over === undefined);
  };
  const known = await look(true);
  const isUnclear = id === undefined && !all && shares + known.length > 1;
  return isUnclear ? await look(false) : known;
}

/** Takes drops back; the errors for those that are still there, as far as is known. */
async function takeBack(
  drops: DropEntry[],
  terminal: Terminal,
): Promise<SpreadError[]> {
  if (drops.length === 0) return [];
  const { takeBackAll } = await import("./status/drops.ts");
  const errors: SpreadError[] = [];
  for (const [i, drop] of (await takeBackAll(drops)).entries()) {
    const { id } = drops[i]!;
    if (drop instanceof SpreadError) {
      errors.push(notTakenBack(id, drop));
      continue;
    }
    const { state } = drop;
    terminal.say(
      `${id} ${DROP_ENDS[state] ?? "is not at its relay"}`,
      "stopped",
      { id, was_open: state === "back", drop: state },
    );
  }
  return errors;
}

function stillOpen(silent: ShareEntry[]): SpreadError {
  const one = silent.length === 1;
  const ids = silent.map(({ id }) => id).join(", ");
  const pids = silent.map(({ pid }) => pid).join(" ");
  return new SpreadError(
    "UNREACHABLE",
    `Cannot end ${ids}: ${
      one ? "the share does not answer" : "these shares do not answer"
    }`,
    `Try again, or end ${
      one ? "its process" : "their processes"
    }: kill ${pids}`,
  );
}

/** Ends of a drop, for a person. */
const DROP_ENDS: Partial<Record<OwnDropState, string>> = {
  back: "was taken back",
  taken: "had been taken already",
  expired: "had expired already",
};

function notTakenBack(id: string, cause: SpreadError): SpreadError {
  return new SpreadError(
    cause.code,
    `Cannot take ${id} back: ${cause.message}`,
    "Try again; until then the drop may be taken",
    { cause },
  );
}

/**
 * The chosen IDs.
 *
 * @param open Those of open shares and of drops.
 * @throws {SpreadError} `USAGE` when it is unclear which one the user means.
 */
function choose(open: string[], { id, all }: StopOptions): string[] {
  if (all) return open;
  if (id !== undefined) {
    if (open.includes(id)) return [id];
    throw new SpreadError(
      "USAGE",
      `No open share or drop has the ID "${id}"`,
      "Find the IDs with claude-spread status, or end all of them with --all",
    );
  }
  if (open.length === 1) return open;
  throw new SpreadError(
    "USAGE",
    open.length === 0
      ? "Nothing is shared"
      : "It is unclear which share or drop to end",
    open.length === 0 ? "" : `Name one of ${open.join(", ")}, or add --all`,
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
