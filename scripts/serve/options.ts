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
import type { SessionChoice } from "../cli/sessions/options.ts";
import type { TypedWords } from "../cli/run_command.ts";
import { readRecipients } from "./recipients/names.ts";
import type { LeaveOptions } from "./leave/options.ts";
import { HERE, type OperandPlace, readServeOperands } from "./operands.ts";

/** Default time that a share stays open, in minutes. */
const DEFAULT_KEEP_OPEN_MIN = 30;

/** Options of `serve`. */
export interface ServeOptions {
  /** Whether to end after the first delivery; sessions do unless `keepOpenMin` is given. */
  once: boolean;
  legacy: boolean;
  anonymous: boolean;
  /** Whether secrets stay where they are. */
  keepSecrets: boolean;
  /** Whether to show what would leave, with the secrets in it, and share nothing. */
  preview: boolean;
  /** Whether the unfinished work of the checkout comes along. */
  withWork: boolean;
  /** Files and commits of it that may leave with the secrets in them. */
  include: string[];
  /** Whether a skill runs the command. */
  isTyped: boolean;
  json: boolean;
  /** The drop to leave, if one is to be left. */
  leave?: LeaveOptions;
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
 * Reads the options of `serve`.
 *
 * @param words Words from the line typed in Claude Code, if there is one.
 * @param place Tells operands apart.
 * @throws {SpreadError} `USAGE`.
 */
export async function parseServeArgs(
  flags: Flags,
  env: ReadEnv,
  words?: TypedWords,
  place: OperandPlace = HERE,
): Promise<ServeOptions> {
  const [first, ...more] = flags.operands;
  if (first === undefined || !place.isFile(first)) {
    const isFile = more.length === 0 && !flags.has("session");
    refuseHost(flags, first, isFile ? "file" : "passphrase");
  }
  refuseHost(flags, words?.passphrase ?? undefined);
  const kind = readKind(flags) ??
    (flags.has("session") ? "session" : undefined);
  const source = await readSource(flags, { kind, env, place });
  const passphrase = readRecipients(flags, source.passphrase, words) ??
    serveOrigin(flags, env, source.passphrase, words);
  refuseTwoInputs(passphrase, source);
  const isDropAlone = flags.has("leave") && !flags.has("keepOpen");
  if (flags.has("removeFile") && source.file === "-") {
    throw usage(
      "--remove-file needs a file",
      "Name the file, or leave --remove-file out",
    );
  }
  return {
    ...flags.has("leave") &&
      { leave: await readLeave(flags, env, passphrase) },
    once: flags.has("once"),
    legacy: flags.has("legacy"),
    anonymous: flags.has("anonymous"),
    withWork: readWithWork(flags),
    include: readInclude(flags),
    isTyped: words !== undefined,
    json: flags.has("json"),
    keepSecrets: flags.has("keepSecrets"),
    preview: flags.has("preview"),
    detach: flags.has("detach"),
    child: flags.has("child"),
    removeFile: flags.has("removeFile"),
    qr: flags.has("qr"),
    copy: flags.has("copy"),
    kind,
    sessions: source.sessions,
    everyProject: flags.has("all"),
    keepOpenMin: flags.integer("keepOpen"),
    port: flags.integer("port") ?? 0,
    interface: flags.get("interface"),
    project: flags.get("project"),
    relay: flags.has("relay")
      ? parseRelayUrl(
        namedRelay(flags.optional("relay"), env),
        flags.has("insecureRelay"),
      )
      : undefined,
    // A drop has a code of its own.
    passphrase: isDropAlone && passphrase.kind !== "pairs"
      ? { kind: "generated" }
      : passphrase,
    file: source.file,
  };
}

function readWithWork(flags: Flags): boolean {
  if (flags.has("withWork") || !flags.has("include")) {
    return flags.has("withWork");
  }
  throw usage("--include needs --with-work", "Add --with-work");
}

/** Files and commits that may leave with their secrets, as they were named. */
function readInclude(flags: Flags): string[] {
  return (flags.get("include") ?? "").split(",").filter(Boolean);
}

async function readLeave(
  flags: Flags,
  env: ReadEnv,
  passphrase: PassphraseOrigin,
): Promise<LeaveOptions> {
  const { parseLeave } = await import("./leave/options.ts");
  return parseLeave(flags, env, passphrase);
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
  env: ReadEnv;
  place: OperandPlace;
}

/** @throws {SpreadError} `USAGE`. */
async function readSource(flags: Flags, facts: SourceFacts): Promise<Source> {
  const { kind, place } = facts;
  const last = flags.operands.at(-1);
  const isPacked = !flags.has("session") && last !== undefined &&
    (last === "-" || place.isFile(last));
  if (kind === "session" && !isPacked) return await readSessions(flags, facts);
  if (flags.has("session") || flags.has("all")) {
    throw usage(
      "--session and --all are for sessions",
      `Leave ${kind === undefined ? "them" : `them or --kind ${kind}`} out`,
    );
  }
  return readServeOperands(flags.operands, place);
}

/** Sessions of this machine; the only operand may be a passphrase. */
async function readSessions(
  flags: Flags,
  { env, place }: SourceFacts,
): Promise<Source> {
  const [passphrase, ...rest] = flags.operands;
  const file = flags.operands.findLast((operand, i) =>
    place.isFile(operand) || i > 0 && operand === "-"
  );
  if (file !== undefined) {
    throw usage(
      `Sessions come from Claude Code, not from "${file}"`,
      "Name sessions with --session, or leave it out to share an exported one",
    );
  }
  if (rest.length > 0) {
    // Not repeated: they may be the words of a passphrase.
    throw usage(
      "Too many arguments: besides sessions, serve takes at most one passphrase",
      flags.has("session")
        ? "Put quotes around a passphrase with spaces"
        : "Check the name of the exported session, if the last one is meant as such; " +
          "put quotes around a passphrase with spaces",
    );
  }
  const named = flags.get("session");
  const { parseSessionChoice } = await import("../cli/sessions/options.ts");
  const sessions = parseSessionChoice(named, env("CLAUDE_CODE_SESSION_ID"));
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
  words: TypedWords | undefined,
): PassphraseOrigin {
  if (flags.has("child")) return { kind: "handed" };
  const other = ["generate", "passphrase", "passphrase-file"]
    .find((name) => flags.has(name));
  if (own !== undefined) {
    if (other === undefined) return given(own, "operand");
    throw usage(
      `A passphrase before the file and --${other} cannot be used together`,
      "Leave one of them out; the last argument is the file",
    );
  }
  if (other === "generate") return { kind: "generated" };
  return namedOrigin(flags, env, words?.passphrase ?? null) ??
    { kind: "generated" };
}

function refuseTwoInputs(
  passphrase: PassphraseOrigin,
  { file, sessions }: Source,
): void {
  const isPiped = passphrase.kind === "file" && passphrase.path === "-";
  if (file !== "-" || !isPiped || sessions !== undefined) return;
  throw usage(
    "Passphrase and text cannot both come from standard input",
    "Give the text as FILE",
  );
}
