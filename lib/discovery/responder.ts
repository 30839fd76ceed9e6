/**
 * The responder for one share on one socket: announces it, answers questions, says goodbye.
 *
 * `answers.ts` decides the answers. The responder does not probe for conflicting names
 * first (RFC 6762, 8.1): names are random, and probing would cost 750 ms. For the same
 * reason it answers at once, where RFC 6762, 6 lets responders with shared names wait.
 *
 * @module
 */

import type { Packet, Remote, ResourceRecord } from "multicast-dns/typed";
import { answersTo, legacyAnswer, withAdditionals } from "./answers.ts";
import { ENUMERATION, withdraw } from "./dns_records.ts";
import { MDNS_PORT, type MulticastSocket } from "./sockets.ts";

/**
 * Pauses between announcements, in milliseconds, since one may be lost: RFC 6762, 8.3. A new
 * IPv6 address carries nothing for one to two seconds.
 */
const REPEATS_MS = [1_000, 2_000];

/**
 * Shortest time between two answers to everybody, in milliseconds. Questions that come in
 * between get one answer together, so that a flood of them silences nobody.
 */
const GAP_MS = 50;

/** Most answers to plain resolvers in one second: to one address, and in all. */
const MAX_PLAIN_PER_ADDRESS = 5;
const MAX_PLAIN = 20;

/** The part of a socket that a responder uses. */
export type MulticastLine = Pick<MulticastSocket, "onQuery" | "tell">;

/** Answers for one share on one socket; disposing sends a goodbye and leaves the socket open. */
export class Responder implements AsyncDisposable {
  readonly #line: MulticastLine;
  #records: ResourceRecord[];
  #repeat?: ReturnType<typeof setTimeout>;
  #gap?: ReturnType<typeof setTimeout>;
  /** Records that were asked for and wait for the end of the gap. */
  readonly #asked = new Set<ResourceRecord>();
  #second = 0;
  /** Answers to plain resolvers in this second, by address. */
  readonly #plain = new Map<string, number>();

  /** @param records All records of the share on that link, from {@linkcode describe}. */
  constructor(line: MulticastLine, records: ResourceRecord[]) {
    this.#line = line;
    this.#records = records;
    line.onQuery((query, from) => this.#hear(query, from));
  }

  /** Tells every host on the link unasked, now and twice more within three seconds. */
  async announce(): Promise<void> {
    clearTimeout(this.#repeat);
    this.#repeatAfter(REPEATS_MS);
    await this.#announceOnce();
  }

  #repeatAfter([pauseMs, ...others]: number[]): void {
    if (pauseMs === undefined) return;
    this.#repeat = setTimeout(() => {
      this.#repeatAfter(others);
      void this.#announceOnce();
    }, pauseMs);
  }

  async #announceOnce(): Promise<void> {
    const answers = this.#records.filter(({ name }) => name !== ENUMERATION);
    await this.#line.tell({ answers });
  }

  /** Announces other records of the same names instead. */
  async change(records: ResourceRecord[]): Promise<void> {
    this.#records = records;
    this.#asked.clear();
    await this.announce();
  }

  #hear(query: Packet, from: Remote): void {
    const answers = answersTo(query, this.#records);
    if (answers.length === 0) return;
    if (from.port !== MDNS_PORT) {
      if (!this.#mayTell(from.address)) return;
      const response = withAdditionals(answers, this.#records);
      this.#line.tell(legacyAnswer(query, response), from);
      return;
    }
    for (const record of answers) this.#asked.add(record);
    if (this.#gap === undefined) this.#answerAsked();
  }

  #answerAsked(): void {
    this.#gap = undefined;
    if (this.#asked.size === 0) return;
    this.#line.tell(withAdditionals([...this.#asked], this.#records));
    this.#asked.clear();
    this.#gap = setTimeout(() => this.#answerAsked(), GAP_MS);
  }

  /** Whether a plain resolver gets an answer; its address may be forged. */
  #mayTell(address: string): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) this.#plain.clear();
    this.#second = second;
    const told = this.#plain.get(address) ?? 0;
    const total = [...this.#plain.values()].reduce((sum, one) => sum + one, 0);
    if (told >= MAX_PLAIN_PER_ADDRESS || total >= MAX_PLAIN) return false;
    this.#plain.set(address, told + 1);
    return true;
  }

  /** Ends without a goodbye, because the link is gone. */
  silence(): void {
    clearTimeout(this.#repeat);
    clearTimeout(this.#gap);
    this.#records = [];
    this.#asked.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const goodbye = withdraw(this.#records);
    // No answer may follow the goodbye.
    this.silence();
    await this.#line.tell({ answers: goodbye });
  }
}
