/**
 * Command lines: from arguments and environment to checked options.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { SpreadError } from "../lib/errors.ts";
import { isRoomCode } from "../lib/room_code.ts";
import { type Kind, KINDS } from "./_kinds.ts";
import { DEFAULT_RELAY_URL, parseRelayUrl } from "./_relay_url.ts";
import {
  parsePicks,
  parseSessionChoice,
  type SessionChoice,
  type SessionPick,
} from "./_session_options.ts";
import type { TypedWords } from "./_typed.ts";

/** Largest passphrase, in bytes of UTF-8. */
export const MAX_PASSPHRASE_BYTES = 64 * 1024;

/** A share stays open for this long unless told otherwise, in minutes. */
export const DEFAULT_KEEP_OPEN_MIN = 30;

/** Longest time, in minutes, that a share may be kept open: a day. */
const MAX_KEEP_OPEN_MIN = 24 * 60;

/** Time, in seconds, that a receiver looks for a sender unless told otherwise. */
export const DEFAULT_TIMEOUT_S = 30;

/** Where a passphrase comes from; the argument is what was typed. */
export type PassphraseOrigin =
  | { kind: "generated" }
  /** On the first line of standard input, from the process that started this one. */
  | { kind: "handed" }
  | { kind: "given"; passphrase: string }
  | { kind: "file"; path: string };

/** Options of `serve`. */
export interface ServeOptions {
  help: boolean;
  json: boolean;
  once: boolean;
  legacy: boolean;
  anonymous: boolean;
  /** Whether the share goes on in a process of its own. */
  detach: boolean;
  /** Whether this is that process. */
  child: boolean;
  /** Whether the file is read into memory and removed. */
  removeFile: boolean;
  /** What is shared. */
  kind: Kind;
  keepOpenMin: number;
  port: number;
  interface?: string;
  project?: string;
  /** Which sessions are offered, if that is what is shared. */
  sessions?: SessionChoice;
  /** Whether `all` sessions are those of every project. */
  everyProject: boolean;
  /** Address of the relay to share through as well; absent: the local network only. */
  relay?: string;
  /** The folder where what was typed in Claude Code is kept. */
  typed?: string;
  passphrase: PassphraseOrigin;
  /** Path of the payload; `-` is standard input. */
  file: string;
}

/** Options of `receive`. */
export interface ReceiveOptions {
  help: boolean;
  json: boolean;
  legacy: boolean;
  /** What is waited for. */
  kind: Kind;
  /** Which sessions to take from the list; absent: it is shown, and nothing taken. */
  picks?: SessionPick[];
  timeoutS: number;
  interface?: string;
  project?: string;
  output?: string;
  /** Address of the relay, for room codes and invites; not checked, for it may not be needed. */
  relay: string;
  /** Whether a relay was asked for. */
  wantsRelay: boolean;
  /** Whether the relay may be reached without TLS. */
  insecureRelay: boolean;
  /** Room code, when it was given apart from the passphrase. */
  room?: string;
  /** The folder where what was typed in Claude Code is kept. */
  typed?: string;
  passphrase: PassphraseOrigin;
  /** Where the sender is; absent: look for it. */
  address?: { hostname: string; port: number };
}

/** Options of `status`. */
export interface StatusOptions {
  help: boolean;
}

/** Options of `stop`. */
export interface StopOptions {
  help: boolean;
  /** The folder where what was typed in Claude Code is kept. */
  typed?: string;
  all: boolean;
  /** Which share; absent: the only one. */
  id?: string;
}

/** Reads a variable of the environment. */
export type ReadEnv = (name: string) => string | undefined;

/** Whether events are asked for, also when the rest of the command line makes no sense. */
export function wantsJson(args: string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end === -1 ? undefined : end).includes("--json");
}

/**
 * Reads arguments, and what was typed in Claude Code if they point to it.
 *
 * @param take Reads what was typed, from where the arguments say.
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

/**
 * Reads the arguments of `serve`.
 *
 * @param words What was typed; with `--typed` and without them the passphrase is left open.
 * @throws {SpreadError} `USAGE`.
 */
export function parseServeArgs(
  args: string[],
  env: ReadEnv,
  words?: TypedWords,
): ServeOptions {
  const flags = parseFlags([...words?.args ?? [], ...args], {
    boolean: [
      "help",
      "json",
      "once",
      "legacy",
      "anonymous",
      "generate",
      "remove-file",
      "insecure-relay",
      "detach",
      "child",
      "all",
    ],
    string: [
      "kind",
      "session",
      "keep-open",
      "port",
      "interface",
      "project",
      "passphrase-file",
      "relay",
      "typed",
    ],
  });
  if (flags.has("once") && flags.has("keep-open")) {
    throw usage("--once and --keep-open do not go together", "Use one of them");
  }
  const rest = flags.positional;
  const wasTyped = rest.length > 0 || typeof words?.passphrase === "string";
  const passphrase = serveOrigin(flags, env, rest, words);
  if (wasTyped) refuseHost(flags, passphrase);
  if (rest.length > 1) {
    throw usage(`Too many arguments: "${rest[1]}"`, QUOTE_HINT);
  }
  const kind = readKind(flags);
  const isOpen = flags.has("typed") && words === undefined;
  const sessions = isOpen || flags.has("help")
    ? undefined
    : readSessions(kind, flags, rest, env);
  const file = rest[0] ?? "-";
  const isPiped = passphrase.kind === "file" && passphrase.path === "-";
  if (file === "-" && isPiped && kind !== "session") {
    throw usage(
      "Passphrase and text cannot both come from standard input",
      "Give the text as FILE",
    );
  }
  return {
    help: flags.has("help"),
    json: flags.has("json"),
    // Who takes sessions is one person, unless told otherwise.
    once: flags.has("once") || kind === "session" && !flags.has("keep-open"),
    legacy: flags.has("legacy"),
    anonymous: flags.has("anonymous"),
    detach: flags.has("detach"),
    child: flags.has("child"),
    removeFile: flags.has("remove-file"),
    kind,
    sessions,
    everyProject: flags.has("all"),
    keepOpenMin: flags.integer("keep-open", 1, MAX_KEEP_OPEN_MIN) ??
      DEFAULT_KEEP_OPEN_MIN,
    port: flags.integer("port", 1, 65_535) ?? 0,
    interface: flags.get("interface"),
    project: flags.get("project"),
    relay: flags.has("relay")
      ? parseRelayUrl(namedRelay(flags, env), flags.has("insecure-relay"))
      : undefined,
    typed: flags.get("typed"),
    passphrase,
    file,
  };
}

/**
 * Reads the arguments of `receive`.
 *
 * @param words What was typed; with `--typed` and without them the passphrase is left open.
 * @throws {SpreadError} `USAGE`.
 */
export function parseReceiveArgs(
  args: string[],
  env: ReadEnv,
  words?: TypedWords,
): ReceiveOptions {
  const flags = parseFlags([...words?.args ?? [], ...args], {
    boolean: ["help", "json", "legacy", "insecure-relay"],
    string: [
      "kind",
      "pick",
      "output",
      "timeout",
      "interface",
      "project",
      "passphrase-file",
      "relay",
      "room",
      "typed",
    ],
  });
  const options = {
    help: flags.has("help"),
    json: flags.has("json"),
    legacy: flags.has("legacy"),
    kind: readKind(flags),
    timeoutS: flags.integer("timeout", 1, 3_600) ?? DEFAULT_TIMEOUT_S,
    interface: flags.get("interface"),
    project: flags.get("project"),
    output: flags.get("output"),
    relay: namedRelay(flags, env),
    wantsRelay: flags.has("relay"),
    insecureRelay: flags.has("insecure-relay"),
    room: readRoom(flags),
    typed: flags.get("typed"),
  };
  const isOpen = options.typed !== undefined && words === undefined;
  if (options.help || isOpen) {
    return { ...options, passphrase: { kind: "generated" } };
  }
  const picks = readPicks(options.kind, flags);
  if (
    options.json && options.output === undefined && options.kind !== "session"
  ) {
    throw usage(
      "--json needs --output",
      "The payload cannot go to standard output as well",
    );
  }
  if (options.output === "-") {
    throw usage(
      "--output - is no file",
      "Leave it out to print the text, cleaned",
    );
  }
  const rest = flags.positional;
  const passphrase = takeOrigin(flags, env, rest, words);
  refuseHost(flags, passphrase);
  if (words?.address) rest.push(words.address);
  if (rest.length > 1) {
    throw usage(`Too many arguments: "${rest[1]}"`, QUOTE_HINT);
  }
  const address = rest[0] === undefined ? undefined : parseAddress(rest[0]);
  return { ...options, picks, passphrase, address };
}

/**
 * Reads the arguments of `status`.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function parseStatusArgs(args: string[]): StatusOptions {
  const flags = parseFlags(args, { boolean: ["help", "json"], string: [] });
  refuseMore(flags.positional);
  return { help: flags.has("help") };
}

/**
 * Reads the arguments of `stop`.
 *
 * @param words What was typed.
 * @throws {SpreadError} `USAGE`.
 */
export function parseStopArgs(
  args: string[],
  words?: TypedWords,
): StopOptions {
  const flags = parseFlags([...words?.args ?? [], ...args], {
    boolean: ["help", "json", "all"],
    string: ["typed"],
  });
  const typed = words?.passphrase ?? null;
  const [id, ...rest] = [...typed === null ? [] : [typed], ...flags.positional];
  refuseMore(rest);
  if (id !== undefined && flags.has("all")) {
    throw usage("An ID and --all do not go together", "Use one of them");
  }
  return {
    help: flags.has("help"),
    typed: flags.get("typed"),
    all: flags.has("all"),
    id,
  };
}

function refuseMore(rest: string[]): void {
  if (rest.length > 0) throw usage(`Too many arguments: "${rest[0]}"`, "");
}

/**
 * The passphrase itself.
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

/**
 * Reads `host:port`; an IPv6 address stands in brackets.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function parseAddress(text: string): { hostname: string; port: number } {
  const match = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([^:\s[\]]+)):(\d{1,5})$/i
    .exec(text);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535) {
    throw usage(
      `"${text}" is not host:port`,
      "Write 192.168.1.5:41234, or [fe80::1%eth0]:41234 for IPv6. " +
        QUOTE_HINT,
    );
  }
  return { hostname: (match[1] ?? match[2])!, port };
}

const QUOTE_HINT = "A passphrase with spaces needs quotes around it";

/** The relay that is named, or the one that the environment names, or ours. */
function namedRelay(flags: Flags, env: ReadEnv): string {
  return flags.optional("relay") || env("CLAUDE_SPREAD_RELAY") ||
    DEFAULT_RELAY_URL;
}

/** A passphrase that is the name of a computer was meant as the relay's. */
function refuseHost(flags: Flags, origin: PassphraseOrigin): void {
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

function readKind(flags: Flags): Kind {
  const kind = flags.get("kind") ?? "distillation";
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

/** @throws {SpreadError} `USAGE`, also when it is said of something else than sessions. */
function readSessions(
  kind: Kind,
  flags: Flags,
  rest: string[],
  env: ReadEnv,
): SessionChoice | undefined {
  if (kind === "session") {
    if (rest.length > 0) {
      throw usage(
        `Sessions come from Claude Code, not from "${rest[0]}"`,
        "Name them by --session",
      );
    }
    return parseSessionChoice(
      flags.get("session"),
      env("CLAUDE_CODE_SESSION_ID"),
    );
  }
  if (!flags.has("session") && !flags.has("all")) return undefined;
  throw usage(
    "--session and --all are for --kind session",
    "Add --kind session, or leave them out",
  );
}

/** @throws {SpreadError} `USAGE`, also when it is said of something else than sessions. */
function readPicks(kind: Kind, flags: Flags): SessionPick[] | undefined {
  const text = flags.get("pick");
  if (text !== undefined && kind !== "session") {
    throw usage("--pick is for --kind session", "Add it, or leave --pick out");
  }
  const picks = text === undefined ? undefined : parsePicks(text);
  if (kind === "session" && flags.has("output") && picks?.length !== 1) {
    throw usage(
      "--output takes one session",
      "Add --pick N; without --output sessions are installed, several at once",
    );
  }
  return picks;
}

function readRoom(flags: Flags): string | undefined {
  const room = flags.get("room")?.toLowerCase();
  if (room === undefined || isRoomCode(room)) return room;
  throw usage(
    `"${room}" is not a room code`,
    "It has six letters and digits, such as k7m2xq; the sender shows it",
  );
}

/** Sharing works without a passphrase: one is made. */
function serveOrigin(
  flags: Flags,
  env: ReadEnv,
  rest: string[],
  words?: TypedWords,
): PassphraseOrigin {
  if (flags.has("child")) return { kind: "handed" };
  if (flags.has("generate")) return { kind: "generated" };
  if (rest.length > 0 && !flags.has("typed")) {
    return takeOrigin(flags, env, rest);
  }
  return originWithoutArgument(flags, env, words) ?? { kind: "generated" };
}

/** Takes the passphrase from where it is, off `rest` if it is an argument. */
function takeOrigin(
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

function originWithoutArgument(
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

/** Flags that were set, and what is left. */
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

  /** The value of an option that may go without one; empty then. */
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
 * Reads arguments into flags and what is left.
 *
 * @throws {SpreadError} `USAGE` for an option that is not named.
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

/** Lets `--passphrase-file -` mean standard input; the parser takes a lone dash for no value. */
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

/** `--relay` takes the next argument only if that is an address: a passphrase may follow it. */
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

/** What cannot be asked for. */
export function usage(message: string, hint: string): SpreadError {
  return new SpreadError("USAGE", message, hint);
}
