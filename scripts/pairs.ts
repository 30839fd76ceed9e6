/**
 * Lists the pairs of this machine.
 *
 * @module
 */

import { readPairs } from "../lib/pairs/pair_files.ts";
import { type Flags, refuseMore } from "./cli/flags.ts";
import { runCommand, type Running } from "./cli/run_command.ts";
import { warnOfCopies } from "./cli/pairs/known_pairs.ts";
import { pairsFolder } from "./cli/surroundings.ts";

/** Runs `pairs` with parsed flags. */
export async function run(flags: Flags, { terminal }: Running): Promise<void> {
  refuseMore(flags.operands);
  const { pairs, problems } = await readPairs(pairsFolder());
  for (const { name, own_name, relay, made, host } of pairs) {
    terminal.event("pair", { name, own_name, relay, made, host });
  }
  for (const { message } of problems) terminal.warn(message);
  warnOfCopies(pairs, terminal);
  if (pairs.length === 0) {
    return terminal.say("there are no pairs; claude-spread pair makes one");
  }
  const { formatPairs } = await import("./pair/pair_table.ts");
  const screen = terminal.tableScreen;
  terminal.printUnlessJson(formatPairs(pairs, screen, new Date()));
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("pairs", args, run);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
