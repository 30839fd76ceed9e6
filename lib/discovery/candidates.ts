/**
 * Candidates: the shares that are announced on the local network, as a receiver sees them.
 *
 * Pure: takes decoded messages, and returns candidates and the questions that are still open.
 * Everything in a message may be forged or nonsense. Whatever comes in, a table stays within
 * {@linkcode MAX_CANDIDATES} entries of {@linkcode MAX_ADDRESSES} addresses. Only the
 * handshake shows whether a candidate is the right one.
 *
 * @module
 */

import type { Packet, Question, ResourceRecord } from "multicast-dns/typed";
import { type Link, MAX_ADDRESSES, reachableAddress } from "./interfaces.ts";
import {
  ask,
  type Description,
  isName,
  readInstance,
  readLocation,
  readTxt,
  SERVICE_TYPE,
} from "./dns_records.ts";

/** An announced share, and the addresses to connect to. */
export interface Candidate extends Description {
  /** DNS-SD instance name, unique on the network as long as everyone is honest. */
  instance: string;
  /** 1 to 65535. */
  port: number;
  /** At least one, in the form for `Deno.connect`: link-local IPv6 with its zone. */
  addresses: string[];
}

/**
 * Most shares remembered at once. The oldest gives way to a new one, so that a host which
 * announces many cannot keep a later one from being noticed.
 */
export const MAX_CANDIDATES = 64;

/** Most open questions in one message, which stays below 9000 bytes whatever the names are. */
const MAX_OPEN_QUESTIONS = 16;

/** The records of one share so far. */
interface Entry {
  instance: string;
  /** 0 until an SRV record has come. */
  port: number;
  /** Empty until an SRV record has come. */
  host: string;
  addresses: Set<string>;
  description: Description;
  /** Name in the last question about this entry; empty before the first. */
  asked: string;
  /** The last candidate that was taken of this entry, as JSON. */
  taken: string;
}

/** Collects records from responses, and makes candidates of them. */
export class CandidateTable {
  readonly #entries = new Map<string, Entry>();

  /** Reads a response that came over `link`. */
  hear(packet: Packet, link: Link): void {
    const records = [...packet.answers, ...packet.additionals];
    // Records come in any order; an address counts only once its host is known.
    for (const record of records) this.#hearShare(record);
    for (const record of records) this.#hearAddress(record, link);
  }

  /** Takes the next candidate that is new or has changed; `null` when there is none. */
  take(): Candidate | null {
    for (const entry of this.#entries.values()) {
      if (entry.addresses.size === 0) continue;
      const candidate = candidateOf(entry);
      const text = JSON.stringify(candidate);
      if (text === entry.taken) continue;
      entry.taken = text;
      return candidate;
    }
    return null;
  }

  /** Questions that would complete entries; at most {@linkcode MAX_OPEN_QUESTIONS}. */
  openQuestions(): Question[] {
    return this.#incomplete().map((entry) => ask(nextName(entry)));
  }

  /** Those of the open questions that have not been returned before. */
  newQuestions(): Question[] {
    const entries = this.#incomplete()
      .filter((entry) => entry.asked !== nextName(entry));
    for (const entry of entries) entry.asked = nextName(entry);
    return entries.map((entry) => ask(entry.asked));
  }

  #incomplete(): Entry[] {
    return [...this.#entries.values()]
      .filter(({ addresses }) => addresses.size === 0)
      .slice(0, MAX_OPEN_QUESTIONS);
  }

  #hearShare(record: ResourceRecord): void {
    const instance = shareOf(record);
    if (instance === null) return;
    if (record.ttl === 0) {
      // A goodbye for any record of a share removes the whole share.
      this.#entries.delete(instance.toLowerCase());
      return;
    }
    const entry = this.#entry(instance);
    if (record.type === "SRV") moveTo(entry, record.data);
    if (record.type === "TXT") entry.description = readTxt(record.data);
  }

  #entry(instance: string): Entry {
    const key = instance.toLowerCase();
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    if (this.#entries.size >= MAX_CANDIDATES) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest!);
    }
    const entry = newEntry(instance);
    this.#entries.set(key, entry);
    return entry;
  }

  #hearAddress({ name, type, ttl, data }: ResourceRecord, link: Link): void {
    if ((type !== "A" && type !== "AAAA") || ttl === 0) return;
    const address = reachableAddress(data, link);
    if (address === null) return;
    for (const { host, addresses } of this.#entries.values()) {
      if (isName(name, host) && addresses.size < MAX_ADDRESSES) {
        addresses.add(address);
      }
    }
  }
}

/** The instance that a record is about, or `null` when it is about something else. */
function shareOf({ type, name, data }: ResourceRecord): string | null {
  if (type === "PTR") {
    return isName(name, SERVICE_TYPE) ? readInstance(data) : null;
  }
  return type === "SRV" || type === "TXT" ? readInstance(name) : null;
}

function newEntry(instance: string): Entry {
  return {
    instance,
    port: 0,
    host: "",
    addresses: new Set(),
    description: { protocol: 1 },
    asked: "",
    taken: "",
  };
}

function moveTo(entry: Entry, data: unknown): void {
  const location = readLocation(data);
  if (location === null) return;
  if (!isName(entry.host, location.host)) entry.addresses.clear();
  Object.assign(entry, location);
}

/** Name to ask about next: first the share's, then that of its host, for the addresses. */
function nextName({ instance, host }: Entry): string {
  return host === "" ? `${instance}.${SERVICE_TYPE}` : host;
}

function candidateOf(entry: Entry): Candidate {
  const { instance, port, addresses, description } = entry;
  return { instance, port, addresses: [...addresses], ...description };
}
