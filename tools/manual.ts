/**
 * Makes the manual page `docs/claude-spread.1` from the table of commands and
 * `scripts/cli/help/reference.ts`, in the language of mdoc(7).
 *
 * Usage: `deno run --allow-read --allow-write tools/manual.ts [--check] [folder]`. Writes the page;
 * with `--check` it says if the page differs, and exits 1. The date of the page is the day on
 * which its text last changed.
 *
 * @module
 */

import type { Command, Option } from "../scripts/cli/commands.ts";
import {
  MORE_HELP,
  PURPOSE,
  valueName,
  VISIBLE,
} from "../scripts/cli/help/help_text.ts";
import {
  ENVIRONMENT,
  EXAMPLES,
  EXIT_STATUS,
  FILES,
  type ReferenceEntry,
} from "../scripts/cli/help/reference.ts";
import plugin from "../.claude-plugin/plugin.json" with { type: "json" };

/** Path of the page. */
export const PAGE = "docs/claude-spread.1";

/** Characters that roff takes for something else, or that it shows as another one. */
const ESCAPES: Record<string, string> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  '"': "\\(dq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};

/** Words that are not to be hyphenated: options, and names in capital letters. */
const NAME = /--\w|_|[A-Z]{3}/;

/** A text in which roff takes no character for its own. */
function escaped(text: string): string {
  return text.replace(
    /\S+/g,
    (word) => `${NAME.test(word) ? "\\%" : ""}${literal(word)}`,
  ).replace(/^(?=\.)/gm, "\\&");
}

function literal(word: string): string {
  return word.replace(/[\\'"`^~-]/g, (character) => ESCAPES[character]!)
    .replace(/[^\x20-\x7e]/gu, (character) => {
      const hex = character.codePointAt(0)!.toString(16).toUpperCase();
      return `\\[u${hex.padStart(4, "0")}]`;
    });
}

/** Words as arguments of a macro, none of which is taken for a macro or for punctuation. */
function words(text: string): string {
  return text.split(/\s+/).map((word) =>
    /^(?:\W|[A-Z%][A-Za-z]{0,2})$/.test(word)
      ? `\\&${escaped(word)}`
      : escaped(word)
  ).join(" ");
}

/** Prose, each sentence on a line of its own. */
function prose(text: string): string {
  return escaped(
    text.replace(/\s+/g, " ").replace(/(?<=[\w)][.?!]) (?=[A-Z-])/g, "\n"),
  );
}

/** The help on an option as a sentence. */
function sentence(help: string): string {
  return prose(help[0]!.toUpperCase() + help.slice(1) + ".");
}

/** A list of names that are joined by `joint`, and their meanings. */
function list(macro: "Ev" | "Pa", entries: readonly ReferenceEntry[]): string {
  const items = entries.map(({ names, about }) =>
    `.It ${names.map((name) => `${macro} ${words(name)}`).join(" , ")}\n${
      prose(about)
    }\n`
  );
  return `.Bl -tag -width Ds\n${items.join("")}.El\n`;
}

/** Options with their help. */
function options(entries: [string, Option][]): string {
  const items = entries.map(([name, option]) => {
    const short = option.short === undefined
      ? ""
      : `Fl ${words(option.short)} , `;
    const value = option.value === undefined
      ? ""
      : ` Ar ${words(valueName(option))}`;
    return `.It ${short}Fl \\-${words(name)}${value}\n${
      sentence(option.help)
    }\n`;
  });
  return items.length === 0 ? "" : `.Bl -tag -width Ds\n${items.join("")}.El\n`;
}

/** Options that more than half of the commands have, alike. */
function commonOptions(commands: Commands): [string, Option][] {
  const all = commands.flatMap(([, { options }]) => Object.entries(options));
  const common = all.filter(([name, { help }]) =>
    2 *
        all.filter(([other, option]) => other === name && option.help === help)
          .length > commands.length
  );
  return [...new Map(common)];
}

/** One command, with the options that are its own. */
function section(
  name: string,
  command: Command,
  common: ReadonlySet<string>,
): string {
  const entries = Object.entries(command.options);
  const own = entries.filter(([option, { internal }]) =>
    !internal && !common.has(option)
  );
  const lacking = [...common].filter((option) => !(option in command.options));
  const usage = [
    ...own.length === 0 ? [] : ["[options]"],
    ...command.operands === "" ? [] : [command.operands],
  ].join(" ");
  const about = command.about === "" ? "" : ` ${command.about}`;
  return `.Ss ${words(name)}
.D1 Nm Cm ${words(name)}${usage === "" ? "" : ` No ${words(usage)}`}
.Pp
${prose(`${command.summary}.${about}`)}
${lacking.map((option) => `It has no\n.Fl \\-${words(option)} .\n`).join("")}\
${options(own)}`;
}

function exitStatus(): string {
  const items = EXIT_STATUS.map(({ names: [status, ...codes], about }) =>
    `.It ${status}\n${prose(about)}\n${
      codes.length === 0 ? "" : `${escaped(codes.join(", "))}.\n`
    }`
  );
  return `.Bl -tag -width Ds\n${items.join("")}.El\n`;
}

type Commands = readonly [string, Command][];

/**
 * Makes the page.
 *
 * @param date As in `November 29, 2026`.
 */
export function page(commands: Commands, date: string): string {
  const common = commonOptions(commands);
  const names = new Set(common.map(([name]) => name));
  const purpose = PURPOSE[0]!.toLowerCase() + PURPOSE.slice(1, -1);
  return `.\\" Made by deno task manual from scripts/cli/commands.ts and scripts/cli/help: change those.
.Dd ${date}
.Dt CLAUDE\\-SPREAD 1
.Os "Claude Spread"
.Sh NAME
.Nm claude\\-spread
.Nd ${escaped(purpose)}
.Sh SYNOPSIS
.Nm
.Ar command
.Op Ar options
.Op Ar operands
.Sh DESCRIPTION
.Nm
is the command of the plugin of the same name for Claude Code, and works without Claude.
${prose(MORE_HELP)}
.Pp
All commands have these options, unless they say otherwise; others are listed with each command.
${options(common)}.Sh COMMANDS
${commands.map(([name, command]) => section(name, command, names)).join("")}\
.Sh ENVIRONMENT
${list("Ev", ENVIRONMENT)}.Sh FILES
Paths are those of Linux.
${list("Pa", FILES)}.Sh EXIT STATUS
The names are those that
.Fl \\-json
prints as the error.
${exitStatus()}.Sh EXAMPLES
${
    EXAMPLES.map(({ command, about }) =>
      `${prose(about)}\n.Dl ${words(command)}\n`
    ).join(".Pp\n")
  }.Sh SEE ALSO
.Xr git 1
.Pp
.Lk ${escaped(plugin.repository)}
has steps, protocol and threat model in its folder
.Pa docs .
`;
}

/** Today, as mdoc(7) writes dates. */
function today(): string {
  return new Date().toLocaleDateString("en-US", { dateStyle: "long" });
}

/** @returns The exit code. */
function main(args: string[]): number {
  const isCheck = args[0] === "--check";
  const path = `${args.at(isCheck ? 1 : 0) ?? "."}/${PAGE}`;
  const text = readIfThere(path);
  const date = /^\.Dd (.*)$/m.exec(text)?.[1] ?? today();
  if (text === page(VISIBLE, date)) return 0;
  if (isCheck) console.error(`${PAGE} differs: run deno task manual`);
  else Deno.writeTextFileSync(path, page(VISIBLE, today()));
  return isCheck ? 1 : 0;
}

function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "";
  }
}

if (import.meta.main) Deno.exit(main(Deno.args));
