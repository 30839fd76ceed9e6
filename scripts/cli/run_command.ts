/**
 * Runs a command: parses its arguments, prints its help, and turns an error into a message and an
 * exit code.
 *
 * @module
 */

import type { CommandName } from "./commands.ts";
import { type Flags, parseFlags, UnknownName, wantsJson } from "./flags.ts";
import { Interruption } from "./surroundings.ts";
import type { OutputListener } from "./listener.ts";
import { Terminal } from "./terminal.ts";

/** The part that a command takes of the line typed in Claude Code. */
export interface TypedWords {
  /** Flags with their values, as arguments. */
  args: string[];
  /** The passphrase or invite; `null` when none was typed. */
  passphrase: string | null;
  /** Address of the sender, as `host:port`; `null` when it was not typed. */
  address: string | null;
}

/** The means of a command. */
export interface Running {
  terminal: Terminal;
  /** Aborted by Ctrl+C and by the system's request to end. */
  signal: AbortSignal;
  /** The line typed in Claude Code, when a skill runs the command; its flags are parsed already. */
  typed?: TypedWords;
}

/**
 * Runs a command.
 *
 * @param body The command itself.
 * @param listener Gets what is said to the person, if anyone else does.
 * @returns The exit code.
 */
export async function runCommand(
  name: CommandName,
  args: string[],
  body: (flags: Flags, running: Running) => Promise<void>,
  listener?: OutputListener,
): Promise<number> {
  const terminal = new Terminal({ json: wantsJson(args), listener });
  using interruption = new Interruption();
  const { signal } = interruption;
  try {
    const flags = parseFlags(name, args);
    if (flags.has("help")) {
      const { commandHelp, helpWidth } = await import("./help/help_text.ts");
      terminal.print(commandHelp(name, helpWidth()));
      return 0;
    }
    await body(flags, { terminal, signal });
    return 0;
  } catch (error) {
    return terminal.fail(await suggested(error));
  }
}

/** Adds the name that was probably meant to an error about one that does not exist. */
async function suggested(error: unknown): Promise<unknown> {
  if (!(error instanceof UnknownName)) return error;
  const { withSuggestion } = await import("./help/suggestion.ts");
  return withSuggestion(error);
}
