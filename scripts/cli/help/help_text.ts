/**
 * The text of `--help`, made from the table of commands.
 *
 * @module
 */

import { type Command, COMMANDS, type Option } from "../commands.ts";
import { mayLack } from "../flags.ts";

/** Widest help text, in columns. */
const MAX_WIDTH = 80;

/** Narrowest terminal in which options and their help stand side by side, in columns. */
const MIN_WIDTH_OF_TWO = 60;

/** Columns of an option and its value. */
const NAME_WIDTH = 24;

const EXAMPLES = `  claude-spread serve notes.md
  claude-spread receive niece-broke-zippy-iron
  claude-spread serve --session this --relay
  claude-spread pair
  claude-spread serve --to cedar notes.md`;

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
  return `${
    wrap(
      "Hands what a Claude Code session knows to another machine, encrypted from end to end.",
      width,
    )
  }

Usage: claude-spread COMMAND [options] …

${rows.join("\n")}

Examples:
${EXAMPLES}

${
    wrap(
      "claude-spread help COMMAND explains a command; --version prints the version.",
      width,
    )
  }
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
  const value = option.value === undefined
    ? ""
    : mayLack(option.value)
    ? ` [${option.name}]`
    : ` ${option.name}`;
  return row(`${short}--${name}${value}`, option.help, width);
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

function indent(text: string, columns: number): string {
  return text.replace(/^(?=.)/gm, " ".repeat(columns));
}

/** Breaks text into lines of at most `width` columns, where words allow. */
function wrap(text: string, width: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

/** Columns for help on this terminal. */
export function helpWidth(): number {
  try {
    return Math.min(MAX_WIDTH, Deno.consoleSize().columns);
  } catch {
    // Not a terminal.
    return MAX_WIDTH;
  }
}
