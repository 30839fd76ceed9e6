/**
 * Responder for one share on one socket: announces the share, answers questions, and sends
 * the goodbye.
 *
 * `answers.ts` selects the answers. The responder does not probe for conflicting names first
 * (RFC 6762, 8.1): names are random, and probing would cost 750 ms. It answers at once, although
 * RFC 6762, 6 has responders delay answers with shared names, to save the receiver time.
 *
 * @module
 */

import type { Packet, Remote, ResourceRecord } from "multicast-dns/typed";
import { answersTo, legacyAnswer, withAdditionals } from "./answers.ts";
import { ENUMERATION, withdraw } from "./dns_records.ts";
import { MDNS_PORT, type MulticastSocket } from "./sockets.ts";

/**
 * Pauses before the second and third announcement, in milliseconds. An announcement may be
 * lost (RFC 6762, 8.3), and a new IPv6 address cannot be used for its first one to two
 * seconds.
 */
const REPEATS_MS = [1_000, 2_000];

/**
 * Shortest time between two multicast answers, in milliseconds. Questions that come in between
 * get one answer together, so that a flood of them does not silence the share.
 */
const GAP_MS = 50;

/** Most answers to plain resolvers within one second of the clock: for an address, and in all. */
const MAX_PLAIN_PER_ADDRESS = 5;
const MAX_PLAIN = 20;

/** The part of a socket that a responder uses. */
export type ResponderSocket = Pick<MulticastSocket, "onQuery" | "respond">;

/** Responder of one share; disposing of it sends a goodbye and leaves the socket open. */
export class Responder implements AsyncDisposable {
  readonly #socket: ResponderSocket;
  #records: ResourceRecord[];
  #repeat?: ReturnType<typeof setTimeout>;
  #gap?: ReturnType<typeof setTimeout>;
  /** Records to send at the end of the gap. */
  readonly #asked = new Set<ResourceRecord>();
  #second = 0;
  /** Number of answers to plain resolvers in this second, by address. */
  readonly #plain = new Map<string, number>();

  /** @param records All records of the share on that link, from {@linkcode describe}. */
  constructor(socket: ResponderSocket, records: ResourceRecord[]) {
    this.#socket = socket;
    this.#records = records;
    socket.onQuery((query, from) => this.#hear(query, from));
  }

  /** Announces the share to every host on the link, now and twice more within three seconds. */
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
    await this.#socket.respond({ answers });
  }

  /** Replaces the records by others of the same names, and announces those. */
  async change(records: ResourceRecord[]): Promise<void> {
    this.#records = records;
    this.#asked.clear();
    await this.announce();
  }

  #hear(query: Packet, from: Remote): void {
    const answers = answersTo(query, this.#records);
    if (answers.length === 0) return;
    if (from.port !== MDNS_PORT) {
      if (!this.#countPlain(from.address)) return;
      const response = withAdditionals(answers, this.#records);
      this.#socket.respond(legacyAnswer(query, response), from);
      return;
    }
    for (const record of answers) this.#asked.add(record);
    if (this.#gap === undefined) this.#answerAsked();
  }

  #answerAsked(): void {
    this.#gap = undefined;
    if (this.#asked.size === 0) return;
    this.#socket.respond(withAdditionals([...this.#asked], this.#records));
    this.#asked.clear();
    this.#gap = setTimeout(() => this.#answerAsked(), GAP_MS);
  }

  /** Counts an answer to a plain resolver, whose address may be forged; `false` beyond a limit. */
  #countPlain(address: string): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) this.#plain.clear();
    this.#second = second;
    const told = this.#plain.get(address) ?? 0;
    const total = [...this.#plain.values()].reduce((sum, one) => sum + one, 0);
    if (told >= MAX_PLAIN_PER_ADDRESS || total >= MAX_PLAIN) return false;
    this.#plain.set(address, told + 1);
    return true;
  }

  /** Stops answering and announcing, without a goodbye: for a link that is gone. */
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
    await this.#socket.respond({ answers: goodbye });
  }
}
