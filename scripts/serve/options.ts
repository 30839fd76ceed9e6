/**
 * The command line of `serve`.
 *
 * @module
 */

import type { Kind } from "../../lib/payload.ts";
import {
  type Flags,
  namedRelay,
  originWithoutArgument,
  parseFlags,
  type PassphraseOrigin,
  type ReadEnv,
  readKind,
  refuseHost,
} from "../cli/flags.ts";
import { usage } from "../../lib/errors.ts";
import { parseRelayUrl } from "../cli/relay_url.ts";
import {
  parseSessionChoice,
  type SessionChoice,
} from "../cli/session_options.ts";
import type { TypedWords } from "../cli/typed_input.ts";
import { HERE, type OperandPlace, readServeOperands } from "./operands.ts";

/** Default time that a share stays open, in minutes. */
const DEFAULT_KEEP_OPEN_MIN = 30;

/** Longest time that a share may stay open, in minutes: one day. */
const MAX_KEEP_OPEN_MIN = 24 * 60;

/** Options of `serve`. */
export interface ServeOptions {
  help: boolean;
  json: boolean;
  /** Whether to end after the first delivery; sessions do unless `keepOpenMin` is given. */
  once: boolean;
  legacy: boolean;
  anonymous: boolean;
  /** Whether the share continues in a process of its own. */
  detach: boolean;
  /** Whether this process is the detached one. */
  child: boolean;
  /** Whether to remove the file once it has been read. */
  removeFile: boolean;
  /** The kind of payload to share; if absent, its content tells. */
  kind?: Kind;
  /** Time that the share stays open, if given. */
  keepOpenMin?: number;
  port: number;
  interface?: string;
  project?: string;
  /** Sessions of this machine on offer, if any are shared. */
  sessions?: SessionChoice;
  /** Whether `all` means the sessions of every project. */
  everyProject: boolean;
  /** Address of the relay to share through as well; if absent, only the local network is used. */
  relay?: string;
  /** Folder of the line typed in Claude Code. */
  typed?: string;
  passphrase: PassphraseOrigin;
  /** Path of the payload; `-` for standard input. */
  file: string;
}

/** Options once the kind of the payload is known. */
export type SettledOptions = ServeOptions & { kind: Kind; keepOpenMin: number };

/** Fills in what depends on the kind: by default, sessions are shared with one person. */
export function settleOptions(
  options: ServeOptions,
  kind: Kind,
): SettledOptions {
  const { once, keepOpenMin } = options;
  return {
    ...options,
    kind,
    once: once || kind === "session" && keepOpenMin === undefined,
    keepOpenMin: keepOpenMin ?? DEFAULT_KEEP_OPEN_MIN,
  };
}

/**
 * Reads the arguments of `serve`.
 *
 * @param words Words from the typed line; if `--typed` is set and they are missing, the
 * passphrase stays open.
 * @param place Tells operands apart.
 * @throws {SpreadError} `USAGE`.
 */
export function parseServeArgs(
  args: string[],
  env: ReadEnv,
  words?: TypedWords,
  place: OperandPlace = HERE,
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
  const kind = readKind(flags);
  const isOpen = flags.has("typed") && words === undefined;
  const source: Source = flags.has("help")
    ? { file: "-" }
    : readSource(flags, { kind, isOpen, env, place });
  const { file, sessions, passphrase: own } = source;
  if (flags.has("remove-file") && file === "-" && !flags.has("help")) {
    throw usage(
      "--remove-file needs the name of a file",
      "Name the file to share, or leave --remove-file out",
    );
  }
  const passphrase = serveOrigin(flags, env, own, words);
  const wasTyped = own !== undefined || typeof words?.passphrase === "string";
  if (wasTyped) refuseHost(flags, passphrase);
  const isPiped = passphrase.kind === "file" && passphrase.path === "-";
  if (file === "-" && isPiped && sessions === undefined) {
    throw usage(
      "Passphrase and text cannot both come from standard input",
      "Give the text as FILE",
    );
  }
  return {
    help: flags.has("help"),
    json: flags.has("json"),
    once: flags.has("once"),
    legacy: flags.has("legacy"),
    anonymous: flags.has("anonymous"),
    detach: flags.has("detach"),
    child: flags.has("child"),
    removeFile: flags.has("remove-file"),
    kind,
    sessions,
    everyProject: flags.has("all"),
    keepOpenMin: flags.integer("keep-open", 1, MAX_KEEP_OPEN_MIN),
    port: flags.integer("port", 1, 65_535) ?? 0,
    interface: flags.get("interface"),
    project: flags.get("project"),
    relay: flags.has("relay")
      ? parseRelayUrl(
        namedRelay(flags.optional("relay"), env),
        flags.has("insecure-relay"),
      )
      : undefined,
    typed: flags.get("typed"),
    passphrase,
    file,
  };
}

/** The source of a share, and the passphrase if it is an operand. */
interface Source {
  file: string;
  sessions?: SessionChoice;
  passphrase?: string;
}

/** The facts that decide what operands mean. */
interface SourceFacts {
  kind?: Kind;
  /** Whether the typed line, which may name sessions, is still to be read. */
  isOpen: boolean;
  env: ReadEnv;
  place: OperandPlace;
}

/** @throws {SpreadError} `USAGE`. */
function readSource(flags: Flags, facts: SourceFacts): Source {
  const { kind, isOpen, place } = facts;
  const last = flags.positional.at(-1);
  const isPacked = !flags.has("session") && last !== undefined &&
    (last === "-" || place.isFile(last));
  if (kind === "session" && !isPacked) return readSessions(flags, facts);
  if ((flags.has("session") || flags.has("all")) && !isOpen) {
    throw usage(
      "--session and --all are for --kind session",
      "Add --kind session, or leave them out",
    );
  }
  return readServeOperands(flags.positional, place);
}

/** Sessions of this machine; the only operand may be a passphrase. */
function readSessions(
  flags: Flags,
  { isOpen, env, place }: SourceFacts,
): Source {
  const [passphrase, ...rest] = flags.positional;
  const file = rest.at(-1) ??
    (passphrase !== undefined && place.isFile(passphrase) && passphrase);
  if (typeof file === "string") {
    throw usage(
      `Sessions come from Claude Code, not from "${file}"`,
      "Name them by --session, or share a packed one without it",
    );
  }
  const sessions = isOpen ? undefined : parseSessionChoice(
    flags.get("session"),
    env("CLAUDE_CODE_SESSION_ID"),
  );
  return { file: "-", sessions, passphrase };
}

/**
 * Source of the passphrase; if there is none, one is generated.
 *
 * @param own The passphrase among the operands.
 * @throws {SpreadError} `USAGE`.
 */
function serveOrigin(
  flags: Flags,
  env: ReadEnv,
  own: string | undefined,
  words?: TypedWords,
): PassphraseOrigin {
  if (flags.has("child")) return { kind: "handed" };
  const other = ["generate", "typed", "passphrase-file"]
    .find((name) => flags.has(name));
  if (own !== undefined) {
    if (other === undefined) return { kind: "given", passphrase: own };
    throw usage(
      `A passphrase before the file does not go together with --${other}`,
      "Use one of them; the last argument is the file",
    );
  }
  if (other === "generate") return { kind: "generated" };
  return originWithoutArgument(flags, env, words) ?? { kind: "generated" };
}
