/**
 * Parses a command line by the table of commands (`commands.ts`) into flags and operands. It does
 * not judge what they mean: that is the job of each command's own `options.ts`.
 *
 * The launcher reads the same arguments by the same rules (`scripts/launcher/arguments.sh`):
 *
 * - A value is the next argument, unless that is missing or begins with a dash (a lone `-` is a
 *   value), or it follows an equals sign. `--relay` takes the next argument only if that is an
 *   address, and `--leave` only if it is a time, because it may be FILE.
 * - The last of a repeated option counts. Everything after `--` is an operand.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { SpreadError, usage } from "../../lib/errors.ts";
import { type CommandName, COMMANDS, type Option } from "./commands.ts";

/** Reads an environment variable. */
export type ReadEnv = (name: string) => string | undefined;

/** Whether `--json` is set, even if the rest of the command line is invalid. */
export function wantsJson(args: string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end === -1 ? undefined : end).includes("--json");
}

/** A name that does not exist; whoever shows the error may suggest one of those that do. */
export class UnknownName extends SpreadError {
  /**
   * @param typed The name as it was typed.
   * @param known The names that exist.
   */
  constructor(
    message: string,
    hint: string,
    readonly typed: string,
    readonly known: readonly string[],
  ) {
    super("USAGE", message, hint);
  }
}

/** Parsed flags and the operands. */
export class Flags {
  readonly operands: string[];

  constructor(
    private readonly options: Record<string, Option>,
    private readonly values: Record<string, unknown>,
  ) {
    this.operands = (values._ as unknown[]).map(String);
  }

  /** @param name Name of the option as in code: `dryRun` for `--dry-run`. */
  has(name: string): boolean {
    const value = this.values[optionName(name)];
    return value !== undefined && value !== false;
  }

  /** @throws {SpreadError} `USAGE` when the value is missing. */
  get(name: string): string | undefined {
    const option = optionName(name);
    const value = this.values[option];
    if (value === undefined) return undefined;
    if (value === "") {
      throw usage(`--${option} needs a value`, `Write --${option}=VALUE`);
    }
    return value as string;
  }

  /** Value of an option that may lack one; empty if it does. */
  optional(name: string): string {
    return String(this.values[optionName(name)] ?? "");
  }

  /** @throws {SpreadError} `USAGE` when the value is not a whole number in the table's range. */
  integer(name: string): number | undefined {
    const text = this.get(name);
    if (text === undefined) return undefined;
    const option = optionName(name);
    const [min, max] = this.options[option]!.range!;
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw usage(
        `--${option} ${text} is not a whole number from ${min} to ${max}`,
        "",
      );
    }
    return value;
  }

  /** @throws {SpreadError} `USAGE` when the value is not one of those in the table. */
  choice(name: string): string | undefined {
    const value = this.get(name);
    const option = optionName(name);
    const choices = this.options[option]?.choices ?? [];
    if (value === undefined || choices.includes(value)) return value;
    const all = choices.join(", ");
    throw new UnknownName(
      `--${option} ${value} is not one of ${all}`,
      "",
      value,
      choices,
    );
  }

  /** Arguments for a command that continues this one, without those of the starter alone. */
  forChild(): string[] {
    return Object.entries(this.options)
      .filter(([name, { starter }]) => this.has(name) && !starter)
      .map(([name, { value }]) =>
        value === undefined ? `--${name}` : `--${name}=${this.values[name]}`
      );
  }
}

/**
 * Parses the arguments of a command.
 *
 * @throws {SpreadError} `USAGE` for an unknown option, and for a value that an option does not take.
 */
export function parseFlags(command: CommandName, args: string[]): Flags {
  const options: Record<string, Option> = COMMANDS[command].options;
  const names = Object.keys(options);
  const values = parseArgs(joinValues(args, options), {
    boolean: names.filter((name) => options[name]!.value === undefined),
    // Operands too: a passphrase of digits stays as it was typed.
    string: [...names.filter((name) => options[name]!.value), "_"],
    unknown: (arg, key) => {
      if (key === undefined) return true;
      throw unknownOption(command, arg.replace(/=.*/s, ""), names);
    },
  });
  refusePairs(options, values);
  return new Flags(options, values);
}

/** Refuses options that do not go together. */
function refusePairs(
  options: Record<string, Option>,
  values: Record<string, unknown>,
): void {
  const isSet = (name: string) =>
    values[name] !== undefined && values[name] !== false;
  for (const name of Object.keys(options).filter(isSet)) {
    const other = options[name]!.excludes?.find(isSet);
    if (other === undefined) continue;
    throw usage(
      `--${other} and --${name} cannot be used together`,
      "Use one of them",
    );
  }
}

/** The name on the command line of an option's name in code. */
function optionName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function unknownOption(
  command: CommandName,
  arg: string,
  names: string[],
): SpreadError {
  return new UnknownName(
    `There is no option ${arg}`,
    `See claude-spread ${command} --help; write -- before an argument that begins with a dash`,
    arg,
    names.map((name) => `--${name}`),
  );
}

/** Writes every option in its long form, with its value after an equals sign. */
function joinValues(
  args: string[],
  options: Record<string, Option>,
): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = longForm(args[i]!, options);
    if (arg === "--") return [...joined, ...args.slice(i)];
    const [name = "", given] = /^--([^=]*)(=.*)?$/s.exec(arg)?.slice(1) ?? [];
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined || option.value === undefined) {
      if (option !== undefined && given !== undefined) {
        throw usage(`--${name} takes no value`, `Write --${name}`);
      }
      // Alone it would take an operand "true" or "false" for its value.
      joined.push(option === undefined ? arg : `${arg}=true`);
    } else if (given !== undefined) joined.push(arg);
    else if (isValue(args[i + 1], option)) joined.push(`${arg}=${args[++i]}`);
    else joined.push(`${arg}=`);
  }
  return joined;
}

/** Expands `-o FILE`, `-oFILE` and `-o=FILE`. */
function longForm(arg: string, options: Record<string, Option>): string {
  const [, letter, value] = /^-([a-z])=?(.*)$/s.exec(arg) ?? [];
  const found = Object.entries(options).find(([, { short }]) =>
    short !== undefined && short === letter
  );
  if (found === undefined) return arg;
  const [name, option] = found;
  if (value === "") return `--${name}`;
  return option.value === undefined ? arg : `--${name}=${value}`;
}

function isValue(next: string | undefined, { value }: Option): boolean {
  if (next === undefined) return false;
  if (mayLack(value)) return isBareValue(value, next);
  return next === "-" || !next.startsWith("-");
}

/** Whether a word is meant as the address of a relay. */
function isRelayAddress(text: string): boolean {
  return /^(wss?|https?):\/\//i.test(text);
}

/** Kinds of value that an option may lack. */
type Lacking = "address" | "time";

/** Whether an option with this kind of value may lack it. */
export function mayLack(value: Option["value"]): value is Lacking {
  return value === "address" || value === "time";
}

/** Whether a word after such an option is its value, and not what follows the option. */
export function isBareValue(value: Lacking, word: string): boolean {
  return value === "address" ? isRelayAddress(word) : /^\d+[mhd]$/.test(word);
}

/** Refuses extra operands. */
export function refuseMore(rest: string[]): void {
  if (rest.length > 0) {
    throw usage(`Too many arguments: "${rest[0]}"`, "Leave it out");
  }
}

/** The name of a pair as a person types it: in capitals too, or, on macOS, with accents apart. */
export function pairName(text: string): string {
  return text.trim().normalize("NFKC").toLowerCase();
}
