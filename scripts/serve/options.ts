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
  QUOTE_HINT,
  type ReadEnv,
  readKind,
  refuseHost,
  takeOrigin,
} from "../cli/flags.ts";
import { usage } from "../../lib/errors.ts";
import { parseRelayUrl } from "../cli/relay_url.ts";
import {
  parseSessionChoice,
  type SessionChoice,
} from "../cli/session_options.ts";
import type { TypedWords } from "../cli/typed_input.ts";

/** Default time that a share stays open, in minutes. */
const DEFAULT_KEEP_OPEN_MIN = 30;

/** Longest time that a share may stay open, in minutes: one day. */
const MAX_KEEP_OPEN_MIN = 24 * 60;

/** Options of `serve`. */
export interface ServeOptions {
  help: boolean;
  json: boolean;
  once: boolean;
  legacy: boolean;
  anonymous: boolean;
  /** Whether the share continues in a process of its own. */
  detach: boolean;
  /** Whether this process is the detached one. */
  child: boolean;
  /** Whether to remove the file once it has been read. */
  removeFile: boolean;
  /** Whether to show the command for the other machine as a QR code too. */
  qr: boolean;
  /** Whether to put that command into the clipboard. */
  copy: boolean;
  /** The kind of payload to share. */
  kind: Kind;
  keepOpenMin: number;
  port: number;
  interface?: string;
  project?: string;
  /** Sessions on offer, when sessions are shared. */
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

/**
 * Reads the arguments of `serve`.
 *
 * @param words Words from the typed line; if `--typed` is set and they are missing, the
 * passphrase stays open.
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
      "qr",
      "copy",
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
    // By default, sessions are shared with one person.
    once: flags.has("once") || kind === "session" && !flags.has("keep-open"),
    legacy: flags.has("legacy"),
    anonymous: flags.has("anonymous"),
    detach: flags.has("detach"),
    child: flags.has("child"),
    removeFile: flags.has("remove-file"),
    qr: flags.has("qr"),
    copy: flags.has("copy"),
    kind,
    sessions,
    everyProject: flags.has("all"),
    keepOpenMin: flags.integer("keep-open", 1, MAX_KEEP_OPEN_MIN) ??
      DEFAULT_KEEP_OPEN_MIN,
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

/**
 * @throws {SpreadError} `USAGE`, also when `--session` is used for another kind than sessions.
 */
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

/** Source of the passphrase; if there is none, one is generated. */
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
