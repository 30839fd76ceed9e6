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
import { formatBytes, formatCount, type Terminal } from "../cli/terminal.ts";

/** Warning for a user who shares with `--legacy`. */
export const LEGACY_SHARE_WARNING =
  "protocol 1 is on: whoever watches the network can try passphrases offline afterwards";

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
  /** Commands for the other side; any one of them is enough. */
  commands: string[];
  keep_open_min: number;
  once: boolean;
};

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
    commands: receiveCommands(share),
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

/** Commands for the other side; any one of them is enough. */
export function receiveCommands(
  share: Pick<ReadyShare, "options" | "room" | "generated">,
): string[] {
  const { options: { relay, kind }, room, generated } = share;
  const { receive } = KINDS[kind];
  const words = generated ?? "<the same passphrase>";
  if (room === null) return [`${receive} ${words}`];
  const address = relay === DEFAULT_RELAY_URL ? "" : ` ${relay}`;
  const withRoom =
    `${receive} --relay${address} --room ${room.roomCode} ${words}`;
  const invite = inviteOf(share);
  if (invite === null) return [withRoom];
  const flag = address === "" ? "" : `--relay${address} `;
  return [`${receive} ${flag}${invite}`, withRoom];
}

/** Reports readiness to a person or a program. */
export function sayReady(terminal: Terminal, ready: Readiness): void {
  const isOnRelay = ready.room !== undefined;
  // The size of a list of sessions says nothing about the sessions.
  const size = ready.catalogue ? "" : ` (${formatBytes(ready.size)})`;
  const first = ready.catalogue ? "the first receiver of any" : "one delivery";
  terminal.say(
    `sharing ${ready.name}${size} for ${
      formatCount(ready.keep_open_min, "minute")
    }${ready.once ? ` or ${first}` : ""}`,
  );
  terminal.say(
    `on the other machine, on ${isOnRelay ? "any" : "the same"} network, type:`,
  );
  showCommands(terminal, ready.commands);
  if (ready.addresses.length > 0) {
    const where = isOnRelay ? "on one network" : "there";
    const addresses = ready.addresses.join(" or ");
    terminal.say(`if it is not found ${where}, add the address: ${addresses}`);
  }
  if (
    ready.room_ttl_s !== undefined &&
    ready.room_ttl_s < ready.keep_open_min * 60
  ) {
    const minutes = formatCount(Math.floor(ready.room_ttl_s / 60), "minute");
    terminal.say(`the relay keeps the room for ${minutes}`);
  }
  if (ready.plain_relay) {
    terminal.say(`this relay is a plain one: ${PLAIN_RELAY_LACKS}`);
  }
  terminal.event("ready", ready);
}

/** Shows the commands for the other side. */
export function showCommands(terminal: Terminal, commands: string[]): void {
  const lines = commands.map((command) => `    ${command}\n`);
  terminal.show(`\n${lines.join("or\n")}`);
}
