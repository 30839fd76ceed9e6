/**
 * The invite, words or passphrase that a receiver was given: which secret it is, which room it
 * names, and whether it is mistyped. Nothing has been dialed yet when a mistake is refused.
 *
 * @module
 */

import { usage } from "../../lib/errors.ts";
import type { Bytes } from "../../lib/bytes.ts";
import {
  type CodeSecret,
  type GivenSecret,
  readSecret,
  type WordsSecret,
} from "../../lib/words/read_secret.ts";
import type { PassphraseOrigin } from "../cli/passphrase.ts";
import { formatCount } from "../cli/screen/format.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { RoomAddress } from "./find/through_relay.ts";
import { parseAddress } from "./address.ts";
import { firstWordMs, type ReceiveOptions } from "./options.ts";

/** The parts of what was typed, unless it is the code of a drop. */
export interface Invite {
  /** Words in their plain form; a person's own passphrase byte for byte. */
  passphrase: string;
  /** The room, if an option or an invite names one. */
  room: RoomAddress | null;
  address: ReceiveOptions["address"];
}

/** The drop whose code was typed. */
export interface DropCode {
  /** Secret of the code, 16 bytes. */
  dropSecret: Bytes;
  /** Options, with the relay of a pasted line. */
  options: ReceiveOptions;
}

/**
 * Reads what was typed, with the options beside it, which win over those of a pasted line.
 *
 * @throws {SpreadError} `USAGE`: a mistyped word, or a room code that is missing or another.
 */
export async function readInvite(
  typed: string,
  options: ReceiveOptions,
  terminal: Terminal,
): Promise<Invite | DropCode> {
  const secret = await refuseMistake(readSecret(typed), options.passphrase);
  if (secret.kind === "code") {
    const dropSecret = await readDropCode(secret, options);
    return { dropSecret, options: withPastedRelay(options, secret) };
  }
  if (secret.kind === "words") {
    return await placeInvite(secret, options, terminal);
  }
  const { room, address } = options;
  return {
    passphrase: typed,
    room: await findRoom(room ?? null, options, terminal),
    address,
  };
}

/** The options that say where a share is. */
export type PlaceOptions = Pick<
  ReceiveOptions,
  "address" | "relay" | "wantsRelay" | "insecureRelay" | "room" | "timeoutS"
>;

/**
 * Finds out where the share of these words is, from what was pasted with them and from options.
 *
 * @throws {SpreadError} `USAGE`: a room code that is missing or another.
 */
export async function placeInvite(
  secret: WordsSecret,
  options: PlaceOptions,
  terminal: Terminal,
): Promise<Invite> {
  const address = options.address ??
    (secret.address === undefined ? undefined : parseAddress(secret.address));
  const withPasted = withPastedRelay(options, secret);
  const roomCode = agree(options.room, secret.roomCode);
  return {
    passphrase: secret.words,
    room: await findRoom(roomCode, withPasted, terminal),
    address,
  };
}

/**
 * Refuses words that look mistyped, except where a passphrase stands on purpose: in a file, in the
 * environment, or typed after `--passphrase` asks for it.
 */
async function refuseMistake(
  secret: GivenSecret,
  origin: PassphraseOrigin,
): Promise<GivenSecret> {
  const isMeant = origin.kind === "file" || origin.kind === "asked" ||
    origin.kind === "given" && origin.from === "variable";
  if (secret.kind !== "mistake" || isMeant && !secret.isReserved) return secret;
  const { mistakeError } = await import("../../lib/words/mistakes.ts");
  throw mistakeError(secret);
}

/** @throws {SpreadError} `USAGE` for a mistyped code, and beside options that only a share has. */
async function readDropCode(
  { characters }: CodeSecret,
  { room, address, legacy }: ReceiveOptions,
): Promise<Bytes> {
  if (room !== undefined || address !== undefined || legacy) {
    throw usage(
      "The code of a drop cannot be combined with --room, --legacy or an address",
      "Leave them out: the drop is at the relay",
    );
  }
  const { readCode } = await import("../../lib/drops/code.ts");
  return await readCode(characters);
}

/** The options, with the relay of a pasted line unless they name one. */
function withPastedRelay<
  Options extends Pick<ReceiveOptions, "relay" | "wantsRelay">,
>(
  options: Options,
  { relay }: { relay?: string },
): Options {
  if (options.wantsRelay || relay === undefined) return options;
  return { ...options, relay: relay || options.relay, wantsRelay: true };
}

function agree(option: string | undefined, invited: string | null) {
  if (option === undefined || invited === null || option === invited) {
    return option ?? invited;
  }
  throw usage(
    `The invite names the room ${invited}, and --room names ${option}`,
    "Leave --room out, or compare the invite with the sender's",
  );
}

async function findRoom(
  roomCode: string | null,
  options: PlaceOptions,
  terminal: Terminal,
): Promise<RoomAddress | null> {
  // Checks a relay that was asked for, even if it is not used.
  if (roomCode === null && !options.wantsRelay) return null;
  const { namedRelay, parseRelayUrl } = await import("../cli/relay_url.ts");
  const env = (name: string) => Deno.env.get(name);
  const url = parseRelayUrl(
    namedRelay(options.relay, env),
    options.insecureRelay,
  );
  if (roomCode === null) {
    throw usage(
      "The room code is missing",
      "Add --room CODE, or type the whole invite, such as k7m2xq-four-more-words-here",
    );
  }
  const { proxyFor } = await import("../cli/proxy.ts");
  return {
    url,
    proxy: await proxyFor(url, env),
    roomCode,
    timeoutMs: firstWordMs(options),
    onSilent: () =>
      terminal.say(
        "the relay has not answered yet; it may be serving other receivers first",
      ),
    onQueued: (ahead) =>
      terminal.say(
        ahead === 0
          ? "in the room; waiting for the sender"
          : `in the room; ${formatCount(ahead, "receiver")} ahead`,
      ),
  };
}
