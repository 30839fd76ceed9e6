/**
 * Prints a completion script for a shell.
 *
 * @module
 */

import { usage } from "../lib/errors.ts";
import { completionScript, type Shell, SHELLS } from "./cli/help/completion.ts";
import { refuseMore, UnknownName } from "./cli/flags.ts";
import { runCommand } from "./cli/run_command.ts";

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("completion", args, ({ operands }, { terminal }) => {
    const [shell, ...rest] = operands;
    refuseMore(rest);
    terminal.print(completionScript(readShell(shell)));
    return Promise.resolve();
  });
}

function readShell(name: string | undefined): Shell {
  const shell = SHELLS.find((shell) => shell === name);
  if (shell !== undefined) return shell;
  if (name === undefined) {
    throw usage(
      "The name of the shell is missing",
      `Write one of ${SHELLS.join(", ")} after claude-spread completion`,
    );
  }
  throw new UnknownName(
    `There is no completion for "${name}"`,
    `Write one of ${SHELLS.join(", ")}`,
    name,
    SHELLS,
  );
}

if (import.meta.main) Deno.exit(await main(Deno.args));
