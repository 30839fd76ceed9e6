/**
 * Makes a pair of this machine and another one, so that they share without words from then on.
 *
 * @module
 */

import { type Flags, refuseMore } from "./cli/flags.ts";
import { runCommand, type Running } from "./cli/run_command.ts";
import { checkSpace } from "./pair/keep_pair.ts";
import { parsePairArgs } from "./pair/options.ts";
import { ownName } from "./pair/own_name.ts";
import { giveUp } from "./cli/surroundings.ts";

/** Runs `pair` with parsed flags, for a person or for a skill. */
export async function run(
  flags: Flags,
  { terminal, signal, typed: line }: Running,
): Promise<void> {
  if (flags.has("notify") || flags.has("stopNotify")) {
    refuseMore(flags.operands);
    const { switchNotice } = await import("./pair/notify.ts");
    return await switchNotice(flags.has("notify"), terminal);
  }
  const options = parsePairArgs(flags, line);
  if (options.child) terminal.warnInEvents();
  const { typed } = options;
  await checkSpace();
  const isAsked = line === undefined && !flags.has("json");
  if (typed === null) {
    if (options.qr || options.copy) {
      const { checkPassOn } = await import("./serve/pass_on.ts");
      checkPassOn({ ...options, passphrase: { kind: "generated" } }, terminal);
    }
    const name = options.name ?? await ownName(isAsked, signal);
    if (options.detach) {
      const { detach } = await import("./pair/detach.ts");
      const args = [...flags.forChild(), `--name=${name}`];
      return await detach(args, options, terminal, signal);
    }
    await giveUp("run");
    const { showWords } = await import("./pair/show_words.ts");
    return await showWords(options, name, terminal, signal);
  }
  const name = options.name ?? await ownName(isAsked, signal);
  await giveUp("run");
  const { typeWords } = await import("./pair/type_words.ts");
  await typeWords(typed, options, name, terminal, signal);
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("pair", args, run);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
