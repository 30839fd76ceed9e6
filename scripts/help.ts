/**
 * Explains the program and its commands, and tells its version; also everything that the launcher
 * does not know as a command.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import { type SpreadError, usage } from "../lib/errors.ts";
import { COMMANDS } from "./cli/commands.ts";
import {
  commandHelp,
  helpWidth,
  NAMES,
  overview,
} from "./cli/help/help_text.ts";
import { UnknownName } from "./cli/flags.ts";
import { withSuggestion } from "./cli/help/suggestion.ts";
import { Terminal } from "./cli/terminal.ts";

/**
 * @param args The whole command line, from the name of the command on.
 * @returns The exit code: 2 for a command that does not exist.
 */
export function main(args: string[]): Promise<number> {
  const terminal = new Terminal({ json: false });
  try {
    terminal.print(answer(args));
    return Promise.resolve(0);
  } catch (error) {
    const shown = error instanceof UnknownName ? withSuggestion(error) : error;
    return Promise.resolve(terminal.fail(shown));
  }
}

/** @throws {SpreadError} `USAGE` when there is no such command. */
function answer([first = "help", ...rest]: string[]): string {
  const isHelp = HELP.includes(first);
  const names = isHelp ? rest : [first, ...rest];
  const [command] = names;
  if (command === undefined) return overview(helpWidth());
  if (VERSION.includes(command)) return `claude-spread ${deno.version}`;
  if (HELP.includes(command)) return commandHelp("help", helpWidth());
  const parts = partsOf(command);
  if (parts.length > 0 && !isHelp && rest.length === 0) {
    throw incomplete(first, parts);
  }
  const asked = parts.length > 0 && !HELP.includes(names[1] ?? "help")
    ? names.slice(0, 2)
    : names.slice(0, 1);
  const name = asked.join(" ");
  const isAsked = isHelp || HELP.includes(rest[0] ?? "");
  const text = isAsked ? commandHelp(name, helpWidth()) : "";
  if (text === "") throw unknown(name);
  return text;
}

const HELP = ["--help", "-h", "help"];
const VERSION = ["--version", "-v", "version"];

/** Second words of a command that has several. */
function partsOf(name: string): string[] {
  return Object.keys(COMMANDS).filter((command) =>
    command.startsWith(`${name} `) && !Object.hasOwn(COMMANDS, name)
  ).map((command) => command.slice(name.length + 1));
}

function incomplete(name: string, parts: string[]): SpreadError {
  return usage(
    `claude-spread ${name} needs one more word: ${parts.join(", ")}`,
    `claude-spread ${name} --help explains them`,
  );
}

function unknown(name: string): UnknownName {
  return new UnknownName(
    `There is no command "${name}"`,
    "claude-spread --help lists the commands",
    name,
    [...NAMES, ...Object.keys(COMMANDS)],
  );
}

if (import.meta.main) Deno.exit(await main(Deno.args));
