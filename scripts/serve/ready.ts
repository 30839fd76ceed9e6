/**
 * The moment when receivers may come: what a program is told of it, and what a person.
 *
 * @module
 */

import { formatInvite } from "../../lib/room_code.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { SenderRoom } from "../../lib/transports/relay/sender_room.ts";
import type { ServeOptions } from "./options.ts";
import { KINDS } from "../cli/kinds.ts";
import { DEFAULT_RELAY_URL, PLAIN_RELAY_LACKS } from "../cli/relay_url.ts";
import { formatBytes, formatCount, type Terminal } from "../cli/terminal.ts";

/** What a person should know who shares with `--legacy`. */
export const LEGACY_SHARE_WARNING =
  "protocol 1 is on: whoever watches the network can try passphrases offline afterwards";

/** What the `ready` event holds. */
export type Readiness = Offer & {
  /** What `stop` takes; absent when there was no place for a record. */
  id?: string;
  /**
   * The one word that the receiver types; `null` when the passphrase was typed, which is never
   * shown, or when the room code has no digit, so that there is no such word.
   */
  invite: string | null;
  /** `host:port` of every address. */
  addresses: string[];
  room?: string;
  relay?: string;
  /** How long the relay keeps the room, in seconds. */
  room_ttl_s?: number;
  /** Whether the relay is a plain one, which keeps no room for a sender that was cut off. */
  plain_relay?: boolean;
  /** What may be typed on the other side; each is enough. */
  commands: string[];
  keep_open_min: number;
  once: boolean;
};

/** What {@linkcode readinessOf} makes its answer of. */
export interface ReadyShare {
  options: ServeOptions;
  offer: Offer;
  addresses: string[];
  room: SenderRoom | null;
  id: string | undefined;
  /** The passphrase if it was made here. */
  generated: string | null;
}

/** Puts together what there is to tell. */
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

/** The invite; `null` when the passphrase was typed, or the room code would make it ambiguous. */
function inviteOf(
  { room, generated }: Pick<ReadyShare, "room" | "generated">,
): string | null {
  return generated === null || room === null
    ? generated
    : formatInvite(room.roomCode, generated);
}

/** What may be typed on the other side; each is enough. */
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

/** Tells it, to a person or to a program. */
export function sayReady(terminal: Terminal, ready: Readiness): void {
  const isOnRelay = ready.room !== undefined;
  // What a list of sessions takes says nothing of what they take.
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

/** Shows what may be typed on the other side. */
export function showCommands(terminal: Terminal, commands: string[]): void {
  const lines = commands.map((command) => `    ${command}\n`);
  terminal.show(`\n${lines.join("or\n")}`);
}
