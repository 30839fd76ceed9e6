/**
 * Makes the launcher's table of commands from `scripts/cli/commands.ts`: for sh in
 * `scripts/launcher/commands.sh`, for Windows between two marks in `bin/claude-spread.cmd`.
 *
 * Usage: `deno run --allow-read --allow-write tools/launcher.ts [--check] [folder]`. Writes both
 * files; with `--check` it prints the name of each that differs and exits 1.
 *
 * @module
 */

import {
  type Command,
  COMMANDS,
  ENGINE,
  type Grants,
  HERE,
  type Option,
  VARIABLES,
} from "../scripts/cli/commands.ts";

/** Path of the table for sh. */
export const SH_TABLE = "scripts/launcher/commands.sh";

/** Path of the launcher for Windows. */
export const CMD_LAUNCHER = "bin/claude-spread.cmd";

const WIDTH = 84;

/** The commands by name, without the literal types of the table. */
type Table = Record<string, Command>;

/** Makes the table for sh. */
export function shTable(commands: Table): string {
  return `# shellcheck shell=sh disable=SC2034 # The variables are for permissions.sh.
# The table of commands, made by \`deno task launcher\` from scripts/cli/commands.ts: change that.

${
    Object.entries(VARIABLES).map(([group, names]) =>
      `${group}_names=${names.join(",")}\n`
    ).join("")
  }here_hosts=${HERE.join(",")}

# Whether \`$1\` is a command.
is_command() {
  case $1 in
${pattern(Object.keys(commands).map(quote))}) ;;
  *) return 1 ;;
  esac
}

# Sets \`rule\` to what the value of option \`$1\` is, or to what the option itself does.
find_rule() {
  rule=
  case $command:$1 in
${
    [...rules(commands)].map(([rule, names]) =>
      `${pattern(names.map(quote))}) rule=${rule} ;;\n`
    ).join("")
  }  esac
}

# Sets what a command runs, what its last operand is, and what it may do.
find_grants() {
  operand= net= run= sys= env= looks= changes= cleans= engine=${ENGINE}
  case $command in
${
    [...alike(commands)].map(([body, names]) =>
      `${pattern(names.map(quote))})\n${body}    ;;\n`
    ).join("")
  }  esac
}

# Adds what a command may do when sessions are shared or received.
add_session_grants() {
  case $command in
${
    Object.entries(commands).filter(([, { withSessions }]) => withSessions)
      .map(([name, { withSessions }]) =>
        `  ${quote(name)})\n${additions(withSessions!)}    ;;\n`
      ).join("")
  }  esac
}
`;
}

/**
 * Options by their rule, each with its command. A command has one option of each rule that names
 * a path, because the launcher keeps one value of each.
 */
function rules(commands: Table): Map<string, string[]> {
  return groupBy(
    Object.entries(commands).flatMap(([command, { options }]) => {
      const named = Object.entries(options)
        .map(([name, option]) => ({ name, option, rule: ruleFor(option) }))
        .filter(({ rule }) => rule !== "");
      refuseTwice(command, named.map(({ rule }) => rule));
      return named.flatMap(({ name, option: { short }, rule }) =>
        [`--${name}`, ...short === undefined ? [] : [`-${short}`]]
          .map((word): [string, string] => [`${command}:${word}`, rule])
      );
    }),
  );
}

function refuseTwice(command: string, rules: string[]): void {
  const paths = rules.filter((rule) =>
    !/^(text|address|time|removes|sessions|checkout|cleans)/.test(rule)
  );
  if (new Set(paths).size < paths.length) {
    throw new TypeError(`${command} has two options of one rule: ${paths}`);
  }
}

function ruleFor(
  { value, removes, sessions, checkout, cleans }: Option,
): string {
  if (removes) return "removes";
  if (checkout) return "checkout";
  if (cleans) return "cleans";
  if (typeof sessions === "string") return `sessions=${sessions}`;
  return sessions ? "sessions" : value ?? "";
}

/** Commands by what the launcher does for them. */
function alike(commands: Table): Map<string, string[]> {
  return groupBy(
    Object.entries(commands).map(([name, command]) => [name, grants(command)]),
  );
}

function grants({ script, operand, may, cleans, engine }: Command): string {
  return assignments([
    ["script", script],
    ["operand", operand],
    ["net", may.net === "here" ? "here" : net(may)],
    ["run", may.run?.join(",")],
    ["sys", may.sys?.join(",")],
    ["env", may.env.map((group) => `$${group}_names`).join(",")],
    ["looks", may.read?.join(" ")],
    ["changes", may.change?.join(" ")],
    ["cleans", cleans?.join(" ")],
    ["engine", engine],
  ]);
}

function additions({ env, read, change }: Grants): string {
  return assignments([
    ["env", ["$env", ...env.map((group) => `$${group}_names`)].join(",")],
    ["looks", read && `$looks ${read.join(" ")}`],
    ["changes", change && `$changes ${change.join(" ")}`],
  ]);
}

function net({ net }: Grants): string | undefined {
  return net && "--allow-net";
}

function assignments(values: [string, string | undefined][]): string {
  return values.filter(([, value]) => value !== undefined)
    .map(([name, value]) =>
      `    ${name}=${value!.includes(" ") ? `"${value}"` : value}\n`
    ).join("");
}

function groupBy(pairs: [name: string, key: string][]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, key] of pairs) {
    groups.set(key, [...groups.get(key) ?? [], name]);
  }
  return groups;
}

/** Alternatives of a `case`, on lines that are not too long. */
function pattern(words: string[]): string {
  let line = " ";
  const lines: string[] = [];
  for (const word of words) {
    const next = line === " " ? `  ${word}` : `${line} | ${word}`;
    if (next.length <= WIDTH) line = next;
    else {
      lines.push(`${line} | \\`);
      line = `    ${word}`;
    }
  }
  return [...lines, line].join("\n");
}

function quote(word: string): string {
  return /^[\w:-]+$/.test(word) ? word : `'${word}'`;
}

/**
 * Makes the table for Windows: the permissions by the first word alone, except for files, and
 * the flags of the engine.
 */
export function cmdTable(commands: Table): string {
  const words = new Map<string, Command[]>();
  for (const [name, command] of Object.entries(commands)) {
    const word = name.split(" ")[0]!;
    words.set(word, [...words.get(word) ?? [], command]);
  }
  const lines = [...words].map(([word, commands]) => cmdLines(word, commands));
  const engine = `set "engine=${ENGINE}"\r\n`;
  return [engine, lines.at(-1), ...lines.slice(0, -1)].join("");
}

function cmdLines(word: string, commands: Command[]): string {
  const all = commands.flatMap(({ may, withSessions }) => [
    may,
    ...withSessions ? [withSessions] : [],
  ]);
  const list = (values: (readonly string[] | undefined)[]) =>
    [...new Set(values.flatMap((names) => names ?? []))].join(",");
  const sys = list(all.map(({ sys }) => sys));
  const env = list(
    all.flatMap(({ env }) => env.map((group) => VARIABLES[group])),
  );
  const run = list(all.map(({ run }) => run)).replace("self", "%~f0");
  const may = [
    all.map(net).find((flag) => flag !== undefined),
    sys && `--allow-sys=${sys}`,
    `--allow-env=${env}`,
  ].filter((flag) => flag).join(" ");
  const engine = commands.find(({ engine }) => engine !== undefined)?.engine;
  // Everything that is not a command is explained by help.
  const condition = word === "help" ? "" : `if "%~1"=="${word}" `;
  const set = (text: string) => `${condition}set "${text}"\r\n`;
  return set(`may=${may}`) +
    (run === "" ? "" : set(`programs=--allow-run=${run}`)) +
    (engine === undefined ? "" : set(`engine=${engine}`));
}

const BEGIN =
  "rem --- Made by deno task launcher from scripts/cli/commands.ts\r\n";
const END = "rem --- End of what is made\r\n";

/** Puts the table between its marks in the launcher for Windows. */
function withTable(launcher: string, table: string): string {
  const [before, rest, ...more] = launcher.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (after === undefined || more.length > 0) {
    throw new TypeError(`${CMD_LAUNCHER} lacks the marks of the table`);
  }
  return `${before}${BEGIN}${table}${END}${after}`;
}

/** Path and right text of each file. */
function make(root: string): [path: string, text: string][] {
  const launcher = Deno.readTextFileSync(`${root}/${CMD_LAUNCHER}`);
  return [
    [SH_TABLE, shTable(COMMANDS)],
    [CMD_LAUNCHER, withTable(launcher, cmdTable(COMMANDS))],
  ];
}

/** @returns The exit code. */
function main(args: string[]): number {
  const isCheck = args[0] === "--check";
  const root = args.at(isCheck ? 1 : 0) ?? ".";
  const differing = make(root).filter(([path, text]) =>
    Deno.readTextFileSync(`${root}/${path}`) !== text
  );
  for (const [path, text] of differing) {
    if (isCheck) console.error(`${path} differs: run deno task launcher`);
    else Deno.writeTextFileSync(`${root}/${path}`, text);
  }
  return isCheck && differing.length > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(main(Deno.args));
