/**
 * The text of `--help`, made from the table of commands.
 *
 * @module
 */

import { type Command, COMMANDS, type Option } from "../commands.ts";
import { mayLack } from "../flags.ts";
import { terminalColumns } from "../screen/streams.ts";
import { indent, wrap } from "../screen/wrap.ts";
import { EXAMPLES } from "./reference.ts";

/** Widest help text, in columns. */
const MAX_WIDTH = 80;

/** Narrowest terminal in which options and their help stand side by side, in columns. */
const MIN_WIDTH_OF_TWO = 60;

/** Columns of an option and its value. */
const NAME_WIDTH = 24;

/** Purpose of the program, in a sentence. */
export const PURPOSE =
  "Hands over what a Claude Code session knows to another machine, encrypted from end to end.";

/** The ways to further help. */
export const MORE_HELP =
  "claude-spread help COMMAND explains a command; --version prints the version.";

/** The commands that are for people. */
export const VISIBLE = Object.entries<Command>(COMMANDS)
  .filter(([, { internal }]) => !internal);

/** The names that a person can type, with the variants of one command as one. */
export const NAMES = [
  ...new Set(VISIBLE.map(([name]) => name.split(" ")[0]!)),
  "version",
];

/** Help on the program as a whole. */
export function overview(width = MAX_WIDTH): string {
  const rows = VISIBLE.map(([name, { summary }]) => row(name, summary, width));
  const examples = EXAMPLES.map(({ command }) => `  ${command}`);
  return `${wrap(PURPOSE, width)}

Usage: claude-spread COMMAND [options] …

${rows.join("\n")}

Examples:
${examples.join("\n")}

${wrap(MORE_HELP, width)}
`;
}

/** Help on one command; on all its variants for a name such as `sessions`. */
export function commandHelp(name: string, width = MAX_WIDTH): string {
  const own = Object.entries<Command>(COMMANDS).filter(([command]) =>
    command === name || command.startsWith(`${name} `)
  );
  return own.map(([command, entry]) => oneCommand(command, entry, width))
    .join("\n");
}

function oneCommand(name: string, command: Command, width: number): string {
  const { operands, summary, about, options } = command;
  const shown = Object.entries(options).filter(([, { internal }]) => !internal);
  const usage = ["claude-spread", name, "[options]", operands];
  const parts = [
    `Usage: ${usage.filter(Boolean).join(" ")}`,
    wrap(`${summary}.`, width),
    ...about === "" ? [] : [wrap(about, width)],
    shown.map(([option, entry]) => optionRow(option, entry, width)).join("\n"),
  ];
  return `${parts.join("\n\n")}\n`;
}

function optionRow(name: string, option: Option, width: number): string {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  const value = option.value === undefined ? "" : ` ${valueName(option)}`;
  return row(`${short}--${name}${value}`, option.help, width);
}

/** The name of an option's value, in brackets if it may be missing. */
export function valueName({ name, value }: Option): string {
  return mayLack(value) ? `[${name}]` : String(name);
}

/** A name and its explanation, side by side where there is space for both. */
function row(name: string, help: string, width: number): string {
  if (width < MIN_WIDTH_OF_TWO) {
    return `  ${name}\n${indent(wrap(help, width - 4), 4)}`;
  }
  const [first = "", ...rest] = wrap(help, width - NAME_WIDTH - 4).split("\n");
  const column = `  ${name}`.padEnd(NAME_WIDTH + 2);
  const start = name.length <= NAME_WIDTH
    ? `${column}  ${first}`
    : `  ${name}\n${indent(first, NAME_WIDTH + 4)}`;
  return [start, ...rest.map((line) => indent(line, NAME_WIDTH + 4))]
    .join("\n");
}

/** Columns for help on this terminal. */
export function helpWidth(): number {
  return Math.min(MAX_WIDTH, terminalColumns());
}
