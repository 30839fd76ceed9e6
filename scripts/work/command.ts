/**
 * Received work: lists it, shows it, opens it in a work tree of git, takes that away, and saves it.
 *
 * None of these commands reaches a network. What they open came from another machine, and nothing of
 * it is run.
 *
 * @module
 */

import { removeScratch } from "../../lib/work/scratch.ts";
import { COMMANDS } from "../cli/commands.ts";
import { runCommand } from "../cli/run_command.ts";
import { workFolder } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";
import { listWork } from "./list.ts";
import { openWork } from "./open.ts";
import { readWorkArgs, type WorkAction, type WorkCommand } from "./options.ts";
import { saveWork } from "./save.ts";
import { showWork } from "./show.ts";
import { undoWork } from "./undo.ts";

/** Runs a command of `work`, for a person or for a skill. */
export async function run(
  options: WorkAction,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  await removeScratch(workFolder());
  switch (options.action) {
    case "list":
      return await listWork(terminal);
    case "show":
      return await showWork(options, terminal, signal);
    case "open":
      return await openWork(options, terminal, signal);
    case "undo":
      return await undoWork(options, terminal, signal);
    case "save":
      return await saveWork(options, terminal);
  }
}

/** @returns The exit code. */
export async function main(args: string[]): Promise<number> {
  const [action, ...rest] = args;
  const command = `work ${action}`;
  if (!isWorkCommand(command)) {
    const { main: explain } = await import("../help.ts");
    return await explain(["work", ...args]);
  }
  return await runCommand(
    command,
    rest,
    (flags, { terminal, signal }) =>
      run(readWorkArgs(command, flags), terminal, signal),
  );
}

function isWorkCommand(name: string): name is WorkCommand {
  return Object.hasOwn(COMMANDS, name);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
