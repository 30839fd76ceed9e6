/**
 * The report that receivers may come, for a program and for a person.
 *
 * @module
 */

import { formatInvite } from "../../lib/room_code.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { SenderRoom } from "../../lib/transports/relay/sender_room.ts";
import type { SettledOptions } from "./options.ts";
import { KINDS } from "../cli/kinds.ts";
import { DEFAULT_RELAY_URL, PLAIN_RELAY_LACKS } from "../cli/relay_url.ts";
import { formatBytes, formatCount } from "../cli/screen/format.ts";
import type { Terminal } from "../cli/terminal.ts";

/** Warning for a user who shares with `--legacy`. */
export const LEGACY_SHARE_WARNING =
  "protocol 1 is on: anyone who watches the network can try passphrases offline afterwards";

/** Fields of the `ready` event. */
export type Readiness = Offer & {
  /** ID for `stop`; absent when the share entry could not be written. */
  id?: string;
  /**
   * The single word that the receiver types. `null` when the user typed the passphrase, which is
   * never shown, or when the room code has no digit, so that the word would be ambiguous.
   */
  invite: string | null;
  /** Every address, as `host:port`. */
  addresses: string[];
  room?: string;
  relay?: string;
  /** Time that the relay keeps the room, in seconds. */
  room_ttl_s?: number;
  /** Whether the relay is a plain one, which does not keep the room of a disconnected sender. */
  plain_relay?: boolean;
  keep_open_min: number;
  once: boolean;
} & ReceiveCommands;

/** Commands for the other side; any one of them is enough. */
export interface ReceiveCommands {
  /** For Claude Code. */
  commands: string[];
  /** For a terminal. */
  terminal_commands: string[];
}

/** Input of {@linkcode readinessOf}. */
export interface ReadyShare {
  options: SettledOptions;
  offer: Offer;
  addresses: string[];
  room: SenderRoom | null;
  id: string | undefined;
  /** The passphrase, if it was generated here. */
  generated: string | null;
}

/** Collects the fields of the `ready` event. */
export function readinessOf(share: ReadyShare): Readiness {
  const { options, offer, addresses, room, id } = share;
  return {
    id,
    invite: inviteOf(share),
    addresses,
    room: room?.roomCode,
    relay: options.relay,
    room_ttl_s: room?.ttlS,
    plain_relay: room?.isPlain,
    ...commandsOf(share),
    keep_open_min: options.keepOpenMin,
    once: options.once,
    ...offer,
  };
}

/** The invite; `null` for a typed passphrase, or if the room code would make it ambiguous. */
function inviteOf(
  { room, generated }: Pick<ReadyShare, "room" | "generated">,
): string | null {
  return generated === null || room === null
    ? generated
    : formatInvite(room.roomCode, generated);
}

/** Commands that receive the share. */
export function commandsOf(
  share: Pick<ReadyShare, "options" | "room" | "generated">,
): ReceiveCommands {
  const { receive } = KINDS[share.options.kind];
  const { generated } = share;
  // A shell would take a bare `<` for a redirection.
  const inTerminal = generated ?? `"${OWN_PASSPHRASE}"`;
  return {
    commands: argumentsOf(share, generated ?? OWN_PASSPHRASE)
      .map((args) => `${receive} ${args}`),
    terminal_commands: argumentsOf(share, inTerminal)
      .map((args) => `claude-spread receive ${args}`),
  };
}

/** Stands for the passphrase that the user typed, which is never shown. */
const OWN_PASSPHRASE = "<the same passphrase>";

/** Arguments of those commands, the shortest first. */
function argumentsOf(
  share: Pick<ReadyShare, "options" | "room" | "generated">,
  words: string,
): string[] {
  const { options: { relay }, room } = share;
  if (room === null) return [words];
  const address = relay === DEFAULT_RELAY_URL ? "" : ` ${relay}`;
  const withRoom = `--relay${address} --room ${room.roomCode} ${words}`;
  const invite = inviteOf(share);
  if (invite === null) return [withRoom];
  const flag = address === "" ? "" : `--relay${address} `;
  return [`${flag}${invite}`, withRoom];
}

/** Reports readiness to a person or a program. */
export async function sayReady(
  terminal: Terminal,
  ready: Readiness,
  options: Pick<SettledOptions, "qr" | "copy">,
): Promise<void> {
  const isOnRelay = ready.room !== undefined;
  // The size of a list of sessions says nothing about the sessions.
  const size = ready.catalogue ? "" : ` (${formatBytes(ready.size)})`;
  const first = ready.catalogue
    ? "one receiver has taken any"
    : "the first delivery";
  terminal.say(
    `sharing ${ready.name}${size} for ${
      formatCount(ready.keep_open_min, "minute")
    }${ready.once ? `, or until ${first}` : ""}`,
  );
  const where = isOnRelay ? "any network" : "the same network";
  terminal.say(`on the other machine, on ${where}, type in Claude Code:`);
  showCommands(terminal, ready);
  if (options.qr || options.copy) {
    const { passOn } = await import("./pass_on.ts");
    await passOn(ready.terminal_commands[0]!, options, terminal);
  }
  for (const fact of sideFacts(ready)) terminal.remark(fact);
  terminal.event("ready", { ...ready });
}

function sideFacts(ready: Readiness): string[] {
  const { addresses, room, room_ttl_s: ttlS } = ready;
  const facts: string[] = [];
  if (addresses.length > 0) {
    const where = room === undefined ? "there" : "on one network";
    facts.push(
      `if the receiver does not find it ${where}, add the address: ${
        addresses.join(" or ")
      }`,
    );
  }
  if (ttlS !== undefined && ttlS < ready.keep_open_min * 60) {
    const minutes = formatCount(Math.floor(ttlS / 60), "minute");
    facts.push(`the relay keeps the room for ${minutes}`);
  }
  if (ready.plain_relay) {
    facts.push(`this is a plain relay: ${PLAIN_RELAY_LACKS}`);
  }
  return facts;
}

/** Shows the shortest command in each form. */
export function showCommands(
  terminal: Terminal,
  { commands, terminal_commands }: ReceiveCommands,
): void {
  terminal.show(`\n    ${terminal.style(commands[0]!, "line")}\n`);
  terminal.say("or in a terminal:");
  terminal.show(`\n    ${terminal.style(terminal_commands[0]!, "line")}\n`);
}
