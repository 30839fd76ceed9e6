/**
 * The report of receivers that failed: the first ones in full, later ones by their number, so
 * that a flood of connections neither fills a log nor hides everything else.
 *
 * @module
 */

import { formatKey, networkKey } from "../../../lib/admission/network_key.ts";
import type { SpreadError } from "../../../lib/errors.ts";
import { formatCount } from "../../cli/screen/format.ts";
import type { Terminal } from "../../cli/terminal.ts";

/** Failures of one network that are reported in full, for each error. */
const SHOWN = 5;

/** Further ones that are reported together; ten times as many the next time. */
const FIRST_TOGETHER = 10;

/** Networks and errors that are told apart; the others are counted together. */
const MAX_GROUPS = 32;

/** Failures of one network with one error. */
interface Group {
  where: string;
  error: SpreadError["code"];
  shown: number;
  /** Those not reported yet, and the number at which they are. */
  more: number;
  together: number;
}

/** Reports failures to a person and a program. */
export class Refusals {
  readonly #terminal: Terminal;
  readonly #groups = new Map<string, Group>();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /**
   * Reports a failure, or counts it.
   *
   * @param text The failure in words. @param fields Further fields of its event.
   */
  add(
    peer: string,
    { code, message }: SpreadError,
    text = message,
    fields: Record<string, unknown> = {},
  ): void {
    const group = this.#groupOf(peer, code);
    // There are few guesses, and a person should see each.
    if (group.shown >= SHOWN && code !== "PASSPHRASE_REFUSED") {
      if (++group.more >= group.together) this.#tellMore(group);
      return;
    }
    group.shown++;
    if (code === "PEER_STOPPED") {
      this.#terminal.say(`${peer} has stopped; it may try again`);
    } else this.#terminal.warn(`${peer}: ${text}`);
    this.#terminal.event("refused", { peer, error: code, message, ...fields });
  }

  /** Reports what has only been counted so far. */
  finish(): void {
    for (const group of this.#groups.values()) {
      if (group.more > 0) this.#tellMore(group);
    }
  }

  #groupOf(peer: string, error: SpreadError["code"]): Group {
    const isNew = !this.#groups.has(`${networkKey(peer)} ${error}`);
    const isFull = isNew && this.#groups.size >= MAX_GROUPS;
    const where = isFull ? "other addresses" : formatKey(networkKey(peer));
    const name = `${isFull ? "" : networkKey(peer)} ${error}`;
    const group = this.#groups.get(name) ??
      { where, error, shown: 0, more: 0, together: FIRST_TOGETHER };
    this.#groups.set(name, group);
    return group;
  }

  #tellMore(group: Group): void {
    const { where, error, more } = group;
    group.more = 0;
    group.together *= 10;
    this.#terminal.warn(
      `${
        formatCount(more, "more connection")
      } from ${where} ended the same way (${error})`,
    );
    this.#terminal.event("refused", { peer: where, error, more });
  }
}
