/**
 * Command-line parts that commands share: flags, passphrase sources, kinds and relays. Each
 * command's own options are in its folder (`serve/options.ts`, …).
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { usage } from "../../lib/errors.ts";
import { type Kind } from "../../lib/payload.ts";
import { KINDS } from "./kinds.ts";
import { DEFAULT_RELAY_URL } from "./relay_url.ts";
import type { TypedWords } from "./typed_input.ts";

/** Largest passphrase, in bytes of UTF-8. */
export const MAX_PASSPHRASE_BYTES = 64 * 1024;

/** Source of a passphrase; `given` holds the passphrase itself. */
export type PassphraseOrigin =
  | { kind: "generated" }
  /** The first line of standard input, written by the process that started this one. */
  | { kind: "handed" }
  | { kind: "given"; passphrase: string }
  | { kind: "file"; path: string };

/** Reads an environment variable. */
export type ReadEnv = (name: string) => string | undefined;

/** Whether `--json` is set, even if the rest of the command line is invalid. */
export function wantsJson(args: string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end === -1 ? undefined : end).includes("--json");
}

/**
 * Reads arguments, and the line typed in Claude Code if the arguments point to it.
 *
 * @param take Reads the typed line from the folder that the arguments name.
 * @throws {SpreadError} `USAGE`, and whatever `take` throws.
 */
export async function readOptions<T extends { help: boolean; typed?: string }>(
  parse: (words?: TypedWords) => T,
  take: (place: string, options: T) => Promise<TypedWords>,
): Promise<T> {
  const options = parse();
  if (options.help || options.typed === undefined) return options;
  return parse(await take(options.typed, options));
}

/** Refuses extra arguments. */
export function refuseMore(rest: string[]): void {
  if (rest.length > 0) throw usage(`Too many arguments: "${rest[0]}"`, "");
}

/**
 * Returns the passphrase itself.
 *
 * @param readFile Reads a file, or standard input for `-`, as text.
 * @returns `null` when one has to be generated.
 * @throws {SpreadError} `USAGE` when it is empty or too long.
 */
export async function resolvePassphrase(
  origin: PassphraseOrigin,
  readFile: (path: string) => Promise<string>,
): Promise<string | null> {
  if (origin.kind === "generated" || origin.kind === "handed") return null;
  const passphrase = origin.kind === "given"
    ? origin.passphrase
    : (await readFile(origin.path)).replace(/\r?\n$/, "");
  if (passphrase === "") {
    throw usage(
      "The passphrase is empty",
      "Leave it out when sharing to get one made",
    );
  }
  if (new TextEncoder().encode(passphrase).length > MAX_PASSPHRASE_BYTES) {
    throw usage("The passphrase is longer than 64 KiB", "Use a shorter one");
  }
  return passphrase;
}

/** Hint for users whose shell split their passphrase into several words. */
export const QUOTE_HINT = "A passphrase with spaces needs quotes around it";

/** Returns the named relay; if `named` is empty, the environment's relay, or else the default. */
export function namedRelay(named: string, env: ReadEnv): string {
  return named || env("CLAUDE_SPREAD_RELAY") || DEFAULT_RELAY_URL;
}

/** Refuses a host name as passphrase after a bare `--relay`: it was meant as the address. */
export function refuseHost(flags: Flags, origin: PassphraseOrigin): void {
  const isBare = flags.has("relay") && flags.optional("relay") === "";
  if (!isBare || origin.kind !== "given") return;
  if (
    !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(:\d+)?$/i.test(origin.passphrase)
  ) {
    return;
  }
  throw usage(
    `"${origin.passphrase}" looks like the address of a relay`,
    `Write --relay wss://${origin.passphrase}; a passphrase like that can come from --passphrase-file`,
  );
}

/**
 * Reads `--kind`; absent when what is shared tells it.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function readKind(flags: Flags): Kind | undefined {
  const kind = flags.get("kind");
  if (kind === undefined) return undefined;
  if (!Object.hasOwn(KINDS, kind)) {
    throw usage(
      `There is no kind "${kind}"`,
      `Use one of ${Object.keys(KINDS).join(", ")}`,
    );
  }
  if (kind === "session" && flags.has("legacy")) {
    throw usage(
      "--legacy does not go together with --kind session",
      "The Python version knows no sessions; leave --legacy out",
    );
  }
  return kind as Kind;
}

/** Finds the passphrase; removes it from `rest` if it is an argument. */
export function takeOrigin(
  flags: Flags,
  env: ReadEnv,
  rest: string[],
  words?: TypedWords,
): PassphraseOrigin {
  const origin = originWithoutArgument(flags, env, words);
  if (origin !== null) return origin;
  const passphrase = rest.shift();
  if (passphrase === undefined) {
    throw usage(
      "The passphrase is missing",
      "Type the words that the sender tells you",
    );
  }
  return { kind: "given", passphrase };
}

/** Source of the passphrase other than an argument; `null` when there is none. */
export function originWithoutArgument(
  flags: Flags,
  env: ReadEnv,
  words?: TypedWords,
): PassphraseOrigin | null {
  const path = flags.get("passphrase-file");
  const typed = words?.passphrase ?? undefined;
  if (path !== undefined && typed !== undefined) {
    throw usage(
      "A passphrase and --passphrase-file do not go together",
      "Use one of them",
    );
  }
  if (path !== undefined) return { kind: "file", path };
  const passphrase = typed ?? env("CLAUDE_SPREAD_PASSPHRASE");
  if (typed === undefined && !passphrase) return null;
  return { kind: "given", passphrase: passphrase! };
}

/** Parsed flags and the positional arguments. */
export class Flags {
  readonly positional: string[];

  constructor(private readonly values: Record<string, unknown>) {
    this.positional = (values._ as unknown[]).map(String);
  }

  has(name: string): boolean {
    return this.values[name] !== undefined && this.values[name] !== false;
  }

  get(name: string): string | undefined {
    const value = this.values[name];
    if (value === undefined) return undefined;
    if (value === "") {
      throw usage(`--${name} needs a value`, `Write --${name}=VALUE`);
    }
    return value as string;
  }

  /** Value of an option that may lack one; empty if it does. */
  optional(name: string): string {
    return String(this.values[name] ?? "");
  }

  integer(name: string, min: number, max: number): number | undefined {
    const text = this.get(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw usage(
        `--${name} ${text} is not a whole number from ${min} to ${max}`,
        "",
      );
    }
    return value;
  }
}

/**
 * Parses arguments into flags and positional arguments.
 *
 * @throws {SpreadError} `USAGE` for an unknown option.
 */
export function parseFlags(
  args: string[],
  names: { boolean: string[]; string: string[] },
): Flags {
  return new Flags(parseArgs(joinRelay(joinDashes(args, names.string)), {
    boolean: names.boolean,
    // Positional arguments too: a passphrase of digits stays as it was typed.
    string: [...names.string, "_"],
    alias: { help: "h" },
    unknown: (arg, key) => {
      if (key === undefined) return true;
      throw usage(
        `There is no option ${arg}`,
        "See --help; write -- before a passphrase that begins with a dash",
      );
    },
  }));
}

/** Makes `--passphrase-file -` mean standard input; the parser takes a lone dash for no value. */
function joinDashes(args: string[], names: string[]): string[] {
  const end = args.indexOf("--");
  const joined: string[] = [];
  args.forEach((arg, i) => {
    const last = joined.at(-1);
    const isOption = (end === -1 || i < end) && last?.startsWith("--") &&
      names.includes(last.slice(2));
    if (arg === "-" && isOption) joined[joined.length - 1] = `${last}=-`;
    else joined.push(arg);
  });
  return joined;
}

/** Joins `--relay` with the next argument only if that is an address: it may be a passphrase. */
function joinRelay(args: string[]): string[] {
  const end = args.indexOf("--");
  const joined: string[] = [];
  args.forEach((arg, i) => {
    const isOption = end === -1 || i < end;
    if (isOption && arg === "--relay") joined.push("--relay=");
    else if (
      isOption && joined.at(-1) === "--relay=" &&
      /^(wss?|https?):\/\//i.test(arg)
    ) joined[joined.length - 1] = `--relay=${arg}`;
    else joined.push(arg);
  });
  return joined;
}
