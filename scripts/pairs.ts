/**
 * Lists the pairs of this machine.
 *
 * @module
 */

import { isCopied, type Pair } from "../lib/pairs/pair.ts";
import { readPairs } from "../lib/pairs/pair_files.ts";
import { type Flags, refuseMore } from "./cli/flags.ts";
import { runCommand, type Running } from "./cli/run_command.ts";
import { pairsFolder } from "./cli/surroundings.ts";

/** Runs `pairs` with parsed flags. */
export async function run(flags: Flags, { terminal }: Running): Promise<void> {
  refuseMore(flags.operands);
  const { pairs, problems } = await readPairs(pairsFolder());
  for (const { name, own_name, relay, made, host } of pairs) {
    terminal.event("pair", { name, own_name, relay, made, host });
  }
  for (const { message } of problems) terminal.warn(message);
  const here = Deno.hostname();
  for (const pair of pairs) {
    if (isCopied(pair, here)) terminal.warn(copied(pair));
  }
  if (pairs.length === 0) {
    return terminal.say("there are no pairs; claude-spread pair makes one");
  }
  const { formatPairs } = await import("./pair/pair_table.ts");
  const screen = terminal.tableScreen;
  terminal.printUnlessJson(formatPairs(pairs, screen, new Date()));
}

/** Warning about a pair that came here with a copy of the home folder. */
function copied({ name, host }: Pair): string {
  return `the pair ${name} was made on "${host}" and copied here: both machines can pose as this ` +
    `side of it. Forget it on one of them (claude-spread forget ${name})`;
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("pairs", args, run);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
