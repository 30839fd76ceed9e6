/**
 * The command line of `receive`.
 *
 * @module
 */

import { isRoomCode } from "../../lib/room_code.ts";
import type { Kind } from "../../lib/payload.ts";
import {
  type Flags,
  namedRelay,
  parseFlags,
  type PassphraseOrigin,
  QUOTE_HINT,
  type ReadEnv,
  readKind,
  refuseHost,
  takeOrigin,
} from "../cli/flags.ts";
import { usage } from "../../lib/errors.ts";
import { parsePicks, type SessionPick } from "../cli/session_options.ts";
import type { TypedWords } from "../cli/typed_input.ts";

/** Default time to look for a sender, in seconds. */
const DEFAULT_TIMEOUT_S = 30;

/** Options of `receive`. */
export interface ReceiveOptions {
  help: boolean;
  json: boolean;
  legacy: boolean;
  /** The only kind of payload to receive; if absent, any. */
  kind?: Kind;
  /** Sessions to take from the list; if absent, the list is shown and nothing is taken. */
  picks?: SessionPick[];
  timeoutS: number;
  interface?: string;
  project?: string;
  output?: string;
  /** Address of the relay for room codes and invites; not checked, since it may not be needed. */
  relay: string;
  /** Whether the user asked for a relay. */
  wantsRelay: boolean;
  /** Whether the relay may be reached without TLS. */
  insecureRelay: boolean;
  /** Room code, if given separately from the passphrase. */
  room?: string;
  /** Folder of the line typed in Claude Code. */
  typed?: string;
  passphrase: PassphraseOrigin;
  /** Address of the sender; if absent, the receiver searches for it. */
  address?: { hostname: string; port: number };
}

/**
 * Reads the arguments of `receive`.
 *
 * @param words Words from the typed line; if `--typed` is set and they are missing, the
 * passphrase stays open.
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
    relay: namedRelay(flags.optional("relay"), env),
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
  // There is nothing else to pick from.
  if (picks !== undefined) options.kind = "session";
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
 * Reads `host:port`, with brackets around an IPv6 address.
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

/** @throws {SpreadError} `USAGE`, also when `--pick` is used with another kind than sessions. */
function readPicks(
  kind: Kind | undefined,
  flags: Flags,
): SessionPick[] | undefined {
  const text = flags.get("pick");
  if (text !== undefined && (kind ?? "session") !== "session") {
    throw usage(
      `--pick is for sessions, not for --kind ${kind}`,
      "Leave one of them out",
    );
  }
  if (text !== undefined && flags.has("legacy")) {
    throw usage(
      "--legacy does not go together with --pick",
      "The Python version knows no sessions; leave --legacy out",
    );
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
