/**
 * The command line of `receive`.
 *
 * @module
 */

import { isAddress, isRoomCode } from "../../lib/room_code.ts";
import type { Kind } from "../../lib/payload.ts";
import type { Move } from "../../lib/session/rebuild/path_rewriter.ts";
import { usage } from "../../lib/errors.ts";
import { type Flags, pairName, type ReadEnv } from "../cli/flags.ts";
import {
  given,
  namedOrigin,
  type PassphraseOrigin,
} from "../cli/passphrase.ts";
import type { TypedWords } from "../cli/run_command.ts";
import { parseAddress } from "./address.ts";
import type { Operands } from "./operands.ts";

/** Default time to look for a sender, in seconds. */
export const DEFAULT_TIMEOUT_S = 30;

/** Options of `receive`. */
export interface ReceiveOptions {
  json: boolean;
  legacy: boolean;
  /** The only kind of payload to receive; absent for any. */
  kind?: Kind;
  /** Sessions to take from the list, as typed; if absent, nothing of it is taken. */
  pick?: string;
  timeoutS: number;
  interface?: string;
  project?: string;
  /** The sender's checkout, and the opened work tree for which a session is installed. */
  checkout?: Move;
  output?: string;
  /** Address of the relay as typed; empty for the usual one. */
  relay: string;
  /** Whether the user asked for a relay. */
  wantsRelay: boolean;
  /** Whether the relay may be reached without TLS. */
  insecureRelay: boolean;
  /** Room code, if given separately from the passphrase. */
  room?: string;
  /** Whether a skill runs the command, with the line typed in Claude Code. */
  isTyped: boolean;
  passphrase: PassphraseOrigin;
  /** The pair to receive from, if one is named. */
  from?: FromPair;
  /** Address of the sender; if absent, the receiver searches for it. */
  address?: { hostname: string; port: number };
}

/** Time to wait for the first message of a relay, in milliseconds: ten seconds at least. */
export function firstWordMs({ timeoutS }: { timeoutS: number }): number {
  return Math.max(10_000, timeoutS * 1000);
}

/** A pair, and one of what it shares. */
export interface FromPair {
  name: string;
  /** Number of the share in the list of those of this pair, from 1; absent for the only one. */
  number?: number;
}

/** Whether to look among what one's pairs share, because nothing names another share. */
export function isForPairs(
  { passphrase, from, address, room, wantsRelay, legacy }: ReceiveOptions,
): boolean {
  if (from !== undefined) return true;
  const isBare = address === undefined && room === undefined && !wantsRelay;
  return passphrase.kind === "words" && isBare && !legacy;
}

/**
 * Reads the options of `receive`.
 *
 * @param words Words from the line typed in Claude Code, if there is one.
 * @throws {SpreadError} `USAGE`.
 */
export async function parseReceiveArgs(
  flags: Flags,
  env: ReadEnv,
  words?: TypedWords,
): Promise<ReceiveOptions> {
  const options = {
    json: flags.has("json"),
    legacy: flags.has("legacy"),
    kind: await kindIn(flags),
    pick: flags.get("pick"),
    timeoutS: flags.integer("timeout") ?? DEFAULT_TIMEOUT_S,
    interface: flags.get("interface"),
    project: flags.get("project"),
    output: flags.get("output"),
    relay: flags.optional("relay"),
    wantsRelay: flags.has("relay"),
    insecureRelay: flags.has("insecureRelay"),
    room: readRoom(flags),
    isTyped: words !== undefined,
  };
  refuseOutput(options);
  await refuseHosts(flags, [words?.passphrase, flags.operands[0]]);
  const named = namedOrigin(flags, env, words?.passphrase ?? null);
  const { typed, address } = await readOperands(flags.operands, named);
  const place = address ?? words?.address;
  const origin = chooseOrigin(named, typed) ?? { kind: "words" };
  return {
    ...options,
    passphrase: origin,
    from: readFrom(flags, origin),
    address: place ? parseAddress(place) : undefined,
  };
}

async function kindIn(flags: Flags): Promise<Kind | undefined> {
  if (!flags.has("kind")) return flags.has("pick") ? "session" : undefined;
  const { readKind } = await import("../cli/kinds.ts");
  return readKind(flags);
}

/** Refuses names of hosts after a bare `--relay`: they were meant as its address. */
async function refuseHosts(
  flags: Flags,
  given: (string | null | undefined)[],
): Promise<void> {
  if (!flags.has("relay")) return;
  const { refuseHost } = await import("../cli/relay_url.ts");
  for (const word of given) refuseHost(flags, word ?? undefined);
}

/**
 * The words and the address of the sender.
 *
 * @param named The passphrase's source among options and environment: beside one, a single operand
 *   is the address.
 */
async function readOperands(
  operands: string[],
  named: PassphraseOrigin | null,
): Promise<Operands> {
  const [first, second] = operands;
  if (first === undefined) return { typed: null };
  if (second === undefined) {
    const hasPort = /:\d{1,5}$/.test(first);
    const isAlone = named !== null && !isOnlyThere(named);
    // Without its port it is still meant as an address.
    if (named !== null && hasPort || isAlone && /[.:[]/.test(first)) {
      return { typed: null, address: first };
    }
    // The common case needs no further module.
    if (!hasPort) return { typed: first };
  }
  if (operands.length === 2 && isAddress(second!)) {
    return { typed: first, address: second };
  }
  const { joinOperands } = await import("./operands.ts");
  return joinOperands(operands);
}

/** Whether a passphrase is in the environment, where it may be for another share. */
function isOnlyThere(named: PassphraseOrigin): boolean {
  return named.kind === "given" && named.from === "variable";
}

/** The source of the passphrase; operands count before the environment. */
function chooseOrigin(
  named: PassphraseOrigin | null,
  typed: string | null,
): PassphraseOrigin | null {
  if (typed === null) return named;
  if (named === null || isOnlyThere(named)) return given(typed, "operand");
  throw usage(
    "Two passphrases are given",
    "Leave one out; write the address of a sender as host:port",
  );
}

/** @throws {SpreadError} `USAGE`. */
function readFrom(
  flags: Flags,
  origin: PassphraseOrigin,
): FromPair | undefined {
  const text = flags.get("from");
  if (text === undefined) return undefined;
  const hasSecret = origin.kind !== "words" && !isOnlyThere(origin);
  const other = hasSecret
    ? "words"
    : ["room", "relay", "legacy"].find((name) => flags.has(name));
  if (other !== undefined) {
    throw usage(
      `--from and ${hasSecret ? other : `--${other}`} cannot be used together`,
      "A pair needs no words, and uses the relay that it was made with; leave one of them out",
    );
  }
  const [, name, number] = /^([^:]+)(?::([1-9]\d?))?$/.exec(text) ?? [];
  if (name === undefined) {
    throw usage(
      `"${text}" is not the name of a pair`,
      "Write --from cedar, or --from cedar:2 for the second of what cedar shares",
    );
  }
  return {
    name: pairName(name),
    number: number === undefined ? undefined : Number(number),
  };
}

function refuseOutput(
  { json, output, kind, pick, legacy }: Pick<
    ReceiveOptions,
    "json" | "output" | "kind" | "pick" | "legacy"
  >,
): void {
  if (json && output === undefined && kind !== "session") {
    throw usage(
      "--json needs --output",
      "Add --output FILE, because the events take standard output",
    );
  }
  if (output === "-") {
    throw usage(
      "--output - is not a file",
      "Leave it out to print the text, cleaned",
    );
  }
  if (pick !== undefined && (kind !== "session" || legacy)) {
    throw usage(
      "--pick chooses among sessions",
      `Leave it out, or leave ${legacy ? "--legacy" : `--kind ${kind}`} out`,
    );
  }
}

function readRoom(flags: Flags): string | undefined {
  const room = flags.get("room")?.toLowerCase();
  if (room === undefined || isRoomCode(room)) return room;
  throw usage(
    `"${room}" is not a room code`,
    "Write the code that the sender shows: six letters and digits, such as k7m2xq",
  );
}
