/**
 * The meaning of the command line of `serve`.
 *
 * @module
 */

import { usage } from "../../lib/errors.ts";
import type { Kind } from "../../lib/payload.ts";
import type { Flags, ReadEnv } from "../cli/flags.ts";
import { readKind } from "../cli/kinds.ts";
import {
  given,
  namedOrigin,
  type PassphraseOrigin,
} from "../cli/passphrase.ts";
import { namedRelay, parseRelayUrl, refuseHost } from "../cli/relay_url.ts";
import {
  parseSessionChoice,
  type SessionChoice,
} from "../cli/session_options.ts";
import type { TypedWords } from "../cli/typed_input.ts";
import { LOOKING, type Looking, readServeOperands } from "./operands.ts";

/** Default time that a share stays open, in minutes. */
const DEFAULT_KEEP_OPEN_MIN = 30;

/** Longest time that a share may stay open, in minutes: one day. */
const MAX_KEEP_OPEN_MIN = 24 * 60;

/** Options of `serve`. */
export interface ServeOptions {
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
  passphrase: PassphraseOrigin;
  /** Path of the payload; `-` for standard input. */
  file: string;
}

/** The surroundings that the arguments are read in. */
export interface ServeSurroundings extends Looking {
  env: ReadEnv;
}

/** The environment, the files and the standard input of this process. */
export function serveSurroundings(): ServeSurroundings {
  return { env: (name) => Deno.env.get(name), ...LOOKING };
}

/**
 * Reads the options of `serve`.
 *
 * @param words Words from the line typed in Claude Code; `null` without one.
 * @throws {SpreadError} `USAGE`.
 */
export function parseServeArgs(
  flags: Flags,
  surroundings: ServeSurroundings,
  words: TypedWords | null,
): ServeOptions {
  const { env } = surroundings;
  if (flags.has("once") && flags.has("keep-open")) {
    throw usage("--once and --keep-open do not go together", "Use one of them");
  }
  const [first] = flags.operands;
  if (first !== undefined && !surroundings.isFile(first)) {
    refuseHost(flags, first);
  }
  if (typeof words?.passphrase === "string") {
    refuseHost(flags, words.passphrase);
  }
  const kind = readKind(flags) ??
    (flags.has("session") ? "session" : "distillation");
  const sessions = readSessions(kind, flags, env);
  const operands = sessions === undefined
    ? readServeOperands(flags.operands, surroundings)
    : { file: "-" };
  const passphrase = serveOrigin(flags, env, operands.passphrase, words);
  refuseTwoInputs(passphrase, operands.file, kind);
  return {
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
    passphrase,
    file: operands.file,
  };
}

/** @throws {SpreadError} `USAGE`, also when `--all` is used for another kind than sessions. */
function readSessions(
  kind: Kind,
  flags: Flags,
  env: ReadEnv,
): SessionChoice | undefined {
  if (kind === "session") {
    const [file] = flags.operands;
    if (file !== undefined) {
      throw usage(
        `Sessions come from Claude Code, not from "${file}"`,
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
    "--session and --all are for sessions",
    `Leave --kind ${kind} out, or --session and --all`,
  );
}

/** Source of the passphrase; if there is none, one is generated. */
function serveOrigin(
  flags: Flags,
  env: ReadEnv,
  operand: string | undefined,
  words: TypedWords | null,
): PassphraseOrigin {
  if (flags.has("child")) return { kind: "handed" };
  const named = namedOrigin(flags, env, words?.passphrase ?? null);
  if (flags.has("generate")) return { kind: "generated" };
  if (operand !== undefined) return given(operand, "operand");
  return named ?? { kind: "generated" };
}

function refuseTwoInputs(
  passphrase: PassphraseOrigin,
  file: string,
  kind: Kind,
): void {
  const isPiped = passphrase.kind === "file" && passphrase.path === "-";
  if (file !== "-" || !isPiped || kind === "session") return;
  throw usage(
    "Passphrase and text cannot both come from standard input",
    "Give the text as FILE",
  );
}
