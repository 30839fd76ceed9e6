/**
 * Reports receivers that failed: the first ones in full, later ones by their number, so that a
 * flood of connections neither fills a log nor hides everything else.
 *
 * @module
 */

import { formatKey, networkKey } from "../../../lib/admission/network_key.ts";
import type { SpreadError } from "../../../lib/errors.ts";
import {
  type GuessLedger,
  MAX_GUESSES_IN_TOTAL,
  MAX_GUESSES_PER_ADDRESS,
} from "../../../lib/protocol/handshake/guesses.ts";
import { formatCount } from "../../cli/screen/format.ts";
import type { Terminal } from "../../cli/terminal.ts";

/** Number of failures that are reported in full, for each network and error. */
const SHOWN_IN_FULL = 5;

/** Number of further failures in the first summary of a group; each later one has ten times more. */
const FIRST_SUMMARY = 10;

/** Most pairs of network and error that are counted apart; further networks are counted together. */
const MAX_GROUPS = 32;

/** Failures of one network with one error. */
interface Group {
  where: string;
  error: SpreadError["code"];
  /** Number of those reported in full. */
  shown: number;
  /** Number of those not reported yet. */
  more: number;
  /** Number of those at which they are reported. */
  nextSummary: number;
}

/** Reports failures on a terminal, and as events. */
export class Refusals {
  readonly #terminal: Terminal;
  readonly #groups = new Map<string, Group>();

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /**
   * Reports a failure, or counts it.
   *
   * @param peer The receiver, as its channel names it.
   * @param text The failure in words.
   * @param fields Further fields of the event `refused`. One with `guesses` is always reported: a
   *   share ends after ten, so these cannot be a flood.
   */
  add(
    peer: string,
    { code, message }: SpreadError,
    text = message,
    fields: Record<string, unknown> = {},
  ): void {
    const group = this.#groupOf(peer, code);
    if (group.shown >= SHOWN_IN_FULL && fields.guesses === undefined) {
      if (++group.more >= group.nextSummary) this.#summarize(group);
      return;
    }
    group.shown++;
    if (code === "PEER_STOPPED") {
      this.#terminal.say(`${peer} has stopped; it may try again`);
    } else this.#terminal.warn(`${peer}: ${text}`);
    this.#terminal.event("refused", { peer, error: code, message, ...fields });
  }

  /**
   * Reports a wrong passphrase, and how many there have been.
   *
   * @param roomCode Code of the relay's room that the receiver came through; empty on the LAN.
   *   In a room, where every connection is a network of its own, only the total is reported.
   */
  addGuess(
    peer: string,
    error: SpreadError,
    guesses: GuessLedger,
    roomCode: string,
  ): void {
    const [here, all] = [guesses.count(peer), guesses.total];
    const network = formatKey(networkKey(peer));
    const count = roomCode === ""
      ? `${here} of ${MAX_GUESSES_PER_ADDRESS} from ${network}, ` +
        `${all} of ${MAX_GUESSES_IN_TOTAL} in all`
      : `${all} of ${MAX_GUESSES_IN_TOTAL}`;
    const text = `${error.message} (wrong passphrase ${count})`;
    this.add(peer, error, text, { guesses: { address: here, all } });
  }

  /** Reports the failures that have only been counted so far. */
  finish(): void {
    for (const group of this.#groups.values()) {
      if (group.more > 0) this.#summarize(group);
    }
  }

  #groupOf(peer: string, error: SpreadError["code"]): Group {
    const isNew = !this.#groups.has(`${networkKey(peer)} ${error}`);
    const isFull = isNew && this.#groups.size >= MAX_GROUPS;
    const where = isFull ? "elsewhere" : formatKey(networkKey(peer));
    const name = `${isFull ? "" : networkKey(peer)} ${error}`;
    const group = this.#groups.get(name) ??
      { where, error, shown: 0, more: 0, nextSummary: FIRST_SUMMARY };
    this.#groups.set(name, group);
    return group;
  }

  #summarize(group: Group): void {
    const { where, error, more } = group;
    group.more = 0;
    group.nextSummary *= 10;
    this.#terminal.warn(
      `${
        formatCount(more, "more connection")
      } from ${where} ended the same way (${error})`,
    );
    this.#terminal.event("refused", { peer: where, error, more });
  }
}
