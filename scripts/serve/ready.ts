/**
 * The report that receivers may come, for a program and for a person.
 *
 * @module
 */

import type { Announcer } from "../../lib/discovery/announcer.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { SenderRoom } from "../../lib/transports/relay/sender_room.ts";
import type { SettledOptions } from "./options.ts";
import {
  commandsOf,
  fromAddress,
  inviteOf,
  type ReceiveCommands,
  showCommands,
} from "./receive_commands.ts";
import type { Recipients } from "./recipients/recipients.ts";
import { PLAIN_RELAY_LACKS } from "../cli/relay_url.ts";
import { formatBytes, formatCount } from "../cli/screen/format.ts";
import type { SecretsReport } from "../cli/secrets/report.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { WorkReport } from "../cli/work/report.ts";

/** Warning for a user who shares with `--legacy`. */
export const LEGACY_SHARE_WARNING =
  "--legacy is on: anyone who watches the network can try passphrases offline afterwards";

/** Fields of the `ready` event. */
export type Readiness = Offer & {
  /** ID for `stop`; absent when the share entry could not be written. */
  id?: string;
  /**
   * The single word that the receiver types. `null` when the user typed the passphrase, which is
   * never shown, when the room code has no digit, so that the word would be ambiguous, and for
   * pairs, which need none.
   */
  invite: string | null;
  /** Names of the pairs that it is for. */
  to?: string[];
  /** Their name for this machine, if it is the same for all. */
  known_as?: string;
  /** Sentences about those pairs, and about what is in the way to them. */
  warnings?: string[];
  /** Addresses to type, as `host:port`, best first; a few at most. */
  addresses: string[];
  /** Whether receivers can find it on the local network without an address. */
  announced: boolean;
  room?: string;
  relay?: string;
  /** Time that the relay keeps the room, in seconds. */
  room_ttl_s?: number;
  /** Whether the relay is a plain one, which does not keep the room of a disconnected sender. */
  plain_relay?: boolean;
  keep_open_min: number;
  once: boolean;
  /** Outcome of the search for secrets; absent when there is nothing to say. */
  secrets?: SecretsReport;
  /** Report of the unfinished work; absent unless it was asked for. */
  work_report?: WorkReport;
} & ReceiveCommands;

/** Input of {@linkcode readinessOf}. */
export interface ReadyShare {
  options: SettledOptions;
  offer: Offer;
  addresses: string[];
  announcer: Announcer;
  room: SenderRoom | null;
  id: string | undefined;
  /** The passphrase, if it was generated here. */
  generated: string | null;
  /** The pairs that it is for, if it is for some. */
  recipients: Recipients | null;
  secrets?: SecretsReport;
  workReport?: WorkReport;
}

/** Collects the fields of the `ready` event. */
export function readinessOf(share: ReadyShare): Readiness {
  const { options, offer, addresses, announcer, room, id } = share;
  return {
    id,
    invite: inviteOf(share),
    to: share.recipients?.names,
    known_as: share.recipients?.knownAs,
    warnings: share.recipients?.warnings,
    addresses,
    announced: announcer.failure === null,
    room: room?.roomCode,
    relay: room === null ? undefined : options.relay,
    room_ttl_s: room?.ttlS,
    plain_relay: room?.isPlain,
    ...commandsOf(share),
    keep_open_min: options.keepOpenMin,
    once: options.once,
    secrets: share.secrets,
    work_report: share.workReport,
    ...offer,
  };
}

/** Reports readiness to a person or a program. */
export async function sayReady(
  terminal: Terminal,
  ready: Readiness,
  options: Pick<SettledOptions, "qr" | "copy" | "leave" | "child">,
): Promise<void> {
  // The process that started this one says it.
  if (options.child) return terminal.event("ready", { ...ready });
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
  if (ready.secrets !== undefined) {
    const { sayReport } = await import("../cli/secrets/report.ts");
    sayReport(ready.secrets, terminal);
  }
  // With a drop beside the share it has been said.
  if (ready.work_report !== undefined && options.leave === undefined) {
    const { sayWorkReport } = await import("../cli/work/report.ts");
    sayWorkReport(ready.work_report, terminal);
  }
  await sayCommands(terminal, ready, options);
  terminal.event("ready", { ...ready });
}

/** The part of {@linkcode Readiness} that says how the other side gets there. */
export type ReadyToReach =
  & Pick<
    Readiness,
    | "addresses"
    | "announced"
    | "room"
    | "room_ttl_s"
    | "plain_relay"
    | "keep_open_min"
    | "to"
    | "known_as"
    | "warnings"
  >
  & ReceiveCommands;

/** Tells a person what to type on the other machine, and what to know about the way there. */
export async function sayCommands(
  terminal: Terminal,
  ready: ReadyToReach,
  options: Pick<SettledOptions, "qr" | "copy">,
): Promise<void> {
  const where = ready.room === undefined ? "the same network" : "any network";
  const who = ready.to?.join(" or ") ?? "the other machine";
  terminal.say(`on ${who}, on ${where}, type in Claude Code:`);
  showCommands(terminal, ready);
  if (options.qr || options.copy) {
    const { passOn } = await import("./pass_on.ts");
    await passOn(ready.terminal_commands[0]!, options, terminal);
  }
  if (!ready.announced) terminal.warn(whyUnannounced(ready));
  for (const warning of ready.warnings ?? []) terminal.warn(warning);
  for (const fact of sideFacts(ready)) terminal.remark(fact);
}

/** Warning for a user whose share nobody can find on the local network. */
function whyUnannounced({ addresses, room }: ReadyToReach): string {
  if (addresses.length > 0) {
    return "cannot announce the share on any network; another program may keep UDP port 5353 to itself";
  }
  const who = room === undefined
    ? "nobody can reach this share until it has one"
    : "only receivers on the relay can reach this share";
  return `this machine has no network address: ${who}`;
}

/** Reports that the share can be reached at other addresses from now on. */
export function sayAddresses(terminal: Terminal, addresses: string[]): void {
  const text = addresses.length === 0
    ? "the network has changed: this machine has no address now"
    : `the network has changed: the address is now ${inWords(addresses)}`;
  terminal.say(text, "addresses", { addresses });
}

function sideFacts(ready: ReadyToReach): string[] {
  const { addresses, announced, room, room_ttl_s: ttlS } = ready;
  const facts: string[] = [];
  if (addresses.length > 0) {
    const where = room === undefined ? "there" : "on the local network";
    const need = announced
      ? `if the receiver does not find it ${where}`
      : "on the local network";
    facts.push(
      ready.to === undefined
        ? `${need}, add the address: ${inWords(addresses)}`
        : `${need}, add: ${fromAddress(ready.known_as, inWords(addresses))}`,
    );
  }
  if (ttlS !== undefined && ttlS < ready.keep_open_min * 60) {
    const minutes = formatCount(Math.floor(ttlS / 60), "minute");
    facts.push(`the relay keeps the room for ${minutes}`);
  }
  if (ready.plain_relay) {
    facts.push(
      `this relay has only the functions of the Python version: ${PLAIN_RELAY_LACKS}`,
    );
  }
  return facts;
}

function inWords(addresses: string[]): string {
  const zone = addresses.some((address) => address.includes("%"))
    ? " (after % write the interface of the other machine)"
    : "";
  return addresses.join(" or ") + zone;
}
