/**
 * Forgets a pair of this machine.
 *
 * @module
 */

import { SpreadError, usage } from "../lib/errors.ts";
import {
  type PairList,
  readPairs,
  removePair,
} from "../lib/pairs/pair_files.ts";
import { type Flags, refuseMore } from "./cli/flags.ts";
import { runCommand, type Running } from "./cli/run_command.ts";
import { pairsFolder } from "./cli/surroundings.ts";

/** Runs `forget` with parsed flags. */
export async function run(flags: Flags, { terminal }: Running): Promise<void> {
  const [name, ...rest] = flags.operands;
  refuseMore(rest);
  const folder = pairsFolder();
  const list = await readPairs(folder);
  if (name === undefined) {
    throw usage("The name of the pair is missing", namesOf(list));
  }
  await removePair(folder, find(list, name));
  terminal.say(
    `forgot ${name}. The other machine still has the pair: forget it there, too`,
    "forgot",
    { name },
  );
}

/** ID of the pair of this name; one that cannot be used goes by its ID. */
function find(list: PairList, name: string): string {
  const found = list.pairs.find((pair) => pair.name === name) ??
    list.problems.find(({ id }) => id === name);
  if (found !== undefined) return found.id;
  throw new SpreadError(
    "NO_PAIR",
    `This machine has no pair "${name.slice(0, 64)}"`,
    namesOf(list),
  );
}

function namesOf({ pairs, problems }: PairList): string {
  const names = [
    ...pairs.map(({ name }) => name),
    ...problems.map(({ id }) => id),
  ];
  return names.length === 0
    ? "It has no pairs at all"
    : `Write one of ${names.join(", ")} after claude-spread forget`;
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("forget", args, run);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
