/**
 * Forgets a pair of this machine.
 *
 * @module
 */

import { SpreadError, usage } from "../lib/errors.ts";
import { changePairs } from "../lib/pairs/pair_lock.ts";
import {
  type PairList,
  readPairs,
  removePair,
} from "../lib/pairs/pair_files.ts";
import { type Flags, pairName, refuseMore } from "./cli/flags.ts";
import { runCommand, type Running } from "./cli/run_command.ts";
import { pairsFolder } from "./cli/surroundings.ts";

/** Runs `forget` with parsed flags. */
export async function run(flags: Flags, { terminal }: Running): Promise<void> {
  const [typed, ...rest] = flags.operands;
  refuseMore(rest);
  const folder = pairsFolder();
  if (typed === undefined) {
    throw usage(
      "The name of the pair is missing",
      namesOf(await readPairs(folder)),
    );
  }
  const { relay, name = typed } = await changePairs(folder, async () => {
    const found = find(await readPairs(folder), typed);
    await removePair(folder, found.id);
    return found;
  });
  terminal.say(
    `forgot ${name}. The other machine still has the pair: forget it there, too`,
    "forgot",
    { name },
  );
  if (relay === undefined) return;
  terminal.say(
    `what was left for ${name} at the relay can still be taken: claude-spread status lists it, ` +
      "and claude-spread stop takes it back",
  );
}

/** The pair of this name; one that cannot be used goes by its ID. */
function find(
  { pairs, problems }: PairList,
  name: string,
): { id: string; name?: string; relay?: string } {
  const found = pairs.find((pair) => pair.name === pairName(name)) ??
    problems.find(({ id }) => id === name);
  if (found !== undefined) return found;
  throw new SpreadError(
    "NO_PAIR",
    `This machine has no pair "${name.slice(0, 64)}"`,
    namesOf({ pairs, problems }),
  );
}

function namesOf({ pairs, problems }: PairList): string {
  const names = [
    ...pairs.map(({ name }) => name),
    ...problems.map(({ id }) => id),
  ];
  return names.length === 0
    ? "There are no pairs yet; claude-spread pair makes one"
    : `Write one of ${names.join(", ")} after claude-spread forget`;
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("forget", args, run);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
