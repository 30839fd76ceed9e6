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
import { answer, legacyAnswer } from "./answers.ts";
import { ENUMERATION, withdraw } from "./dns_records.ts";
import { MDNS_PORT, type MulticastSocket } from "./sockets.ts";

/** Time between the two announcements, in milliseconds, since the first may be lost: RFC 6762, 8.3. */
const REPEAT_MS = 1000;

/** Most answers in one second: limits how much a flood of questions makes a responder send. */
const MAX_ANSWERS_PER_SECOND = 20;

/** The part of a socket that a responder uses. */
export type MulticastLine = Pick<MulticastSocket, "onQuery" | "tell">;

/** Answers for one share on one socket; disposing sends a goodbye and leaves the socket open. */
export class Responder implements AsyncDisposable {
  readonly #line: MulticastLine;
  #records: ResourceRecord[];
  #repeat?: ReturnType<typeof setTimeout>;
  #second = 0;
  #answersInSecond = 0;

  /** @param records All records of the share on that link, from {@linkcode describe}. */
  constructor(line: MulticastLine, records: ResourceRecord[]) {
    this.#line = line;
    this.#records = records;
    line.onQuery((query, from) => this.#hear(query, from));
  }

  /** Tells every host on the link unasked, now and once more a second later. */
  async announce(): Promise<void> {
    const answers = this.#records.filter(({ name }) => name !== ENUMERATION);
    await this.#line.tell({ answers });
    this.#repeat = setTimeout(() => this.#line.tell({ answers }), REPEAT_MS);
  }

  #hear(query: Packet, from: Remote): void {
    const response = answer(query, this.#records);
    if (response === null || !this.#mayAnswer()) return;
    if (from.port === MDNS_PORT) this.#line.tell(response);
    else this.#line.tell(legacyAnswer(query, response), from);
  }

  #mayAnswer(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) this.#answersInSecond = 0;
    this.#second = second;
    return ++this.#answersInSecond <= MAX_ANSWERS_PER_SECOND;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#repeat);
    const goodbye = withdraw(this.#records);
    // No answer may follow the goodbye.
    this.#records = [];
    await this.#line.tell({ answers: goodbye });
  }
}
