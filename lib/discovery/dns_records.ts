/**
 * DNS records of a share: makes those that announce it, and reads those of other machines.
 *
 * Pure: no sockets; the wire format is the library's job. DNS-SD is RFC 6763; the names and
 * the TXT keys are those of docs/protocol.md, section 7.1.
 *
 * @module
 */

import type { Question, ResourceRecord } from "multicast-dns/typed";
import { type Bytes, type FillRandom, utf8 } from "../bytes.ts";
import { type Kind, PAYLOAD_KINDS } from "../payload.ts";
import { isRoomCode } from "../room_code.ts";

/** Description of a share for the local network. */
export interface Announcement {
  /** `claude-distill-<8 hex>`, of {@linkcode nameInstance}. */
  instance: string;
  /** Port on which it listens, 1 to 65535. */
  port: number;
  /** Kind of the payload; absent for a share that is for pairs, or makes one. */
  kind?: Kind;
  /** `user@host`, for people; absent when the sender keeps it private. */
  from?: string;
  /** Room code of the same share on a relay. */
  room?: string;
  /** First of the words of a share without a room, by which receivers find it. */
  name?: string;
  /** Tags of the pairs that it is for, in hex; nothing else then describes it. */
  to?: string[];
}

/** Contents of a share's TXT record; a share without that record speaks protocol 1. */
export interface Description {
  protocol: 1 | 2;
  kind?: Kind;
  from?: string;
  room?: string;
  name?: string;
  /** Tags of the pairs that it is for, 1 to {@linkcode MAX_TAGS} of 16 hex digits. */
  to?: string[];
}

/** The service type, as the Python original announces it. */
export const SERVICE_TYPE = "_claude-distill._tcp.local";

/** Name under which hosts list their service types (RFC 6763, 9); its records are not ours alone. */
export const ENUMERATION = "_services._dns-sd._udp.local";

/**
 * Lifetime of a record that is not repeated, in seconds: short, because a share may end
 * without a goodbye.
 */
const TTL_S = 120;

/** Longest `from=` value, in UTF-16 units; besides, a TXT string holds 255 bytes. */
const MAX_FROM_LENGTH = 128;

/** Instance names: ours, the original's, and both as renamed by a responder (`… #2`, `… (2)`). */
const INSTANCE = /^claude-distill-[\w-]{1,40}(?: (?:#\d{1,3}|\(\d{1,3}\)))?$/;

/** Form of a share's name: the words of the list have 3 to 5 letters. */
const NAME = /^[a-z]{3,5}$/;

/** Most pairs that a share is for. */
export const MAX_TAGS = 8;

/** Form of the tags of pairs. */
const TAGS = new RegExp(
  `^[0-9a-f]{16}(?:,[0-9a-f]{16}){0,${MAX_TAGS - 1}}$`,
);

const decoder = new TextDecoder();

/** Makes a new instance name, `claude-distill-<8 hex>`. */
export function nameInstance(fillRandom: FillRandom): string {
  return `claude-distill-${randomHex(fillRandom)}`;
}

/** Makes a new host name, so that no other record of this machine is touched. */
export function nameHost(fillRandom: FillRandom): string {
  return `claude-spread-${randomHex(fillRandom)}.local`;
}

function randomHex(fillRandom: FillRandom): string {
  return fillRandom(new Uint8Array(4) as Bytes).toHex();
}

/**
 * Makes all records of a share on one link.
 *
 * @param host Host name from {@linkcode nameHost}.
 * @param addresses Addresses of the link, IPv4 and IPv6, without zones.
 * @throws {TypeError} When the instance is not of {@linkcode nameInstance}'s form.
 * @throws {RangeError} When the port is not 1 to 65535.
 */
export function describe(
  announcement: Announcement,
  host: string,
  addresses: string[],
): ResourceRecord[] {
  const name = `${announcement.instance}.${SERVICE_TYPE}`;
  if (readInstance(name) === null) throw new TypeError("Invalid instance name");
  if (!isPort(announcement.port)) throw new RangeError("Invalid port");
  const srv = { port: announcement.port, target: host };
  return [
    { name: ENUMERATION, type: "PTR", ttl: TTL_S, data: SERVICE_TYPE },
    { name: SERVICE_TYPE, type: "PTR", ttl: TTL_S, data: name },
    unique(name, "SRV", srv),
    unique(name, "TXT", txtOf(announcement)),
    ...describeHost(host, addresses),
  ];
}

function describeHost(host: string, addresses: string[]): ResourceRecord[] {
  const records = addresses.map((address) =>
    unique(host, address.includes(":") ? "AAAA" : "A", address)
  );
  const rrtypes = [...new Set(records.map(({ type }) => type))];
  // NSEC says that there is no other family: it spares resolvers a timeout (RFC 6762, 6.1).
  const nsec = unique(host, "NSEC", { nextDomain: host, rrtypes });
  return rrtypes.length < 2 ? [...records, nsec] : records;
}

function unique(name: string, type: string, data: unknown): ResourceRecord {
  return { name, type, ttl: TTL_S, flush: true, data };
}

function txtOf({ kind, from, room, name, to }: Announcement): string[] {
  const shown = cleanFrom(from ?? "");
  return [
    "v=2",
    ...(kind === undefined ? [] : [`kind=${kind}`]),
    ...(shown === "" ? [] : [`from=${shown}`]),
    ...(room === undefined ? [] : [`room=${room}`]),
    ...(name === undefined ? [] : [`name=${name}`]),
    ...(to === undefined ? [] : [`to=${to.join()}`]),
  ];
}

/**
 * Makes the goodbye records of a share: RFC 6762, 10.1. The enumeration record is left out,
 * because other shares may need it.
 */
export function withdraw(records: ResourceRecord[]): ResourceRecord[] {
  return records.filter(({ name }) => name !== ENUMERATION)
    .map((record) => ({ ...record, ttl: 0 }));
}

/** Whether a DNS name from any source equals `expected`. */
export function isName(name: string, expected: string): boolean {
  return name.toLowerCase() === expected.toLowerCase();
}

/** Returns the instance in a full service name, or `null` when it is not that of a share. */
export function readInstance(name: unknown): string | null {
  if (typeof name !== "string") return null;
  const instance = name.slice(0, -(SERVICE_TYPE.length + 1));
  return isName(name, `${instance}.${SERVICE_TYPE}`) && INSTANCE.test(instance)
    ? instance
    : null;
}

/** Returns port and host of an SRV record, or `null` unless both are valid. */
export function readLocation(
  data: unknown,
): { port: number; host: string } | null {
  const { port, target } = (data ?? {}) as Record<string, unknown>;
  return isPort(port) && isHostName(target) ? { port, host: target } : null;
}

function isPort(port: unknown): port is number {
  return Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65535;
}

function isHostName(name: unknown): name is string {
  return typeof name === "string" && name.length <= 253 &&
    name.split(".").every((label) => /^[\w-]{1,63}$/.test(label));
}

/** Reads a TXT record, whatever it is; keys that are missing or invalid are left out. */
export function readTxt(data: unknown): Description {
  const pairs = (Array.isArray(data) ? data : [])
    .filter((item) => item instanceof Uint8Array)
    .map((item) => decoder.decode(item))
    .map((text) => [text.split("=", 1)[0], text.replace(/^[^=]*=?/, "")]);
  const { v, kind, from, room, name, to } = Object.fromEntries(pairs);
  const shown = cleanFrom(from ?? "");
  return {
    protocol: v === "2" ? 2 : 1,
    ...((PAYLOAD_KINDS as readonly string[]).includes(kind)
      ? { kind: kind as Kind }
      : {}),
    ...(shown === "" ? {} : { from: shown }),
    ...(isRoomCode(room ?? "") ? { room } : {}),
    ...(NAME.test(name ?? "") ? { name } : {}),
    ...(TAGS.test(to ?? "") ? { to: to.split(",") } : {}),
  };
}

/**
 * Drops characters that move a cursor or hide text (control, format, separators of lines and
 * paragraphs, unassigned), and cuts the text to {@linkcode MAX_FROM_LENGTH} and 250 bytes.
 */
function cleanFrom(text: string): string {
  const visible = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").trim();
  let kept = "";
  for (const character of visible) {
    const longer = kept + character;
    if (longer.length > MAX_FROM_LENGTH || utf8(longer).length > 250) break;
    kept = longer;
  }
  return kept;
}

/** Makes the question for all records of a name, or for those of one type. */
export function ask(name: string, type = "ANY"): Question {
  return { name, type, class: "IN" };
}
