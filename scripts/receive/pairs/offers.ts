/**
 * Offers of one's pairs: looks at each share that is found, by whatever way, and decides when
 * there are enough of them to take one or to choose. See docs/protocol.md, section 14.6.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import type { FoundDrop } from "../drops/found_drop.ts";
import { ANSWERS } from "../find/lan_failures.ts";
import { ANOTHER_MS } from "../find/share_queue.ts";
import { DialTurns } from "./turns.ts";
import {
  type Dial,
  leaveInOrder,
  rank,
  type WaitingOffer,
} from "./waiting_offer.ts";

/** Time for the other shares that were found to prove themselves as well, in milliseconds. */
const OTHERS_MS = 3_000;

/** Time for senders that were looked at to hear that nothing is wanted, in milliseconds. */
const LEAVING_MS = 2_000;

/** Options of a search. */
export interface OfferSearchOptions {
  /** Whether an offer comes into question; the sender of another one hears that it is not wanted. */
  isWanted(offer: Offer): boolean;
  /** Number of offers that are needed for a choice that was made beforehand; usually 1. */
  needed: number;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Offers that were found, and why there are not more. */
export interface SearchOutcome {
  /** Ordered by pair, then by their age, the oldest first. */
  offers: WaitingOffer[];
  /** Offers of other kinds than the one wanted. */
  unwanted: { pair: string; offer: Offer }[];
  failures: SpreadError[];
  /** Reasons why nothing could be looked for on a way. */
  closed: SpreadError[];
}

/** One attempt at a share. */
interface Attempt {
  pair: string;
  /** Ends the attempt to connect; `null` once the sender has our proof, or is connected. */
  connecting: AbortController | null;
  /** Code of its room, if it is looked at there. */
  room?: string;
  /** Resolved at its end. */
  over: PromiseWithResolvers<void>;
}

/** A search for offers. */
export class OfferSearch implements Disposable {
  /** Aborted once the search is over. */
  readonly signal: AbortSignal;
  readonly #ending = new AbortController();
  readonly #turns = { lan: new DialTurns(), relay: new DialTurns() };
  readonly #attempts = new Set<Attempt>();
  readonly #outcome: SearchOutcome = {
    offers: [],
    unwanted: [],
    failures: [],
    closed: [],
  };
  readonly #timer: ReturnType<typeof setTimeout>;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #patienceForOthers: ReturnType<typeof setTimeout> | undefined;
  /** Number of ways on which shares are looked for. */
  #ways = 0;
  readonly #leaving = new Set<Promise<void>>();
  #defect: unknown = null;

  constructor(private readonly options: OfferSearchOptions) {
    this.signal = AbortSignal.any([this.#ending.signal, options.signal]);
    this.#timer = setTimeout(() => this.#end(), options.timeoutMs);
  }

  /** Runs a search on one way; what makes it impossible there does not end the others. */
  async on(way: Promise<void>): Promise<void> {
    this.#ways++;
    try {
      await way;
    } catch (error) {
      if (error instanceof SpreadError) this.#outcome.closed.push(error);
      else this.#fail(error);
    }
    this.#ways--;
    this.#consider();
  }

  /**
   * Connects to a share and reads its offer.
   *
   * @param pair Our name for its sender.
   * @param room Code of its room, if it is looked at there.
   * @returns Whether the share has answered, so that it need not be tried at other addresses.
   */
  async look(
    pair: string,
    dial: Dial,
    room?: string,
  ): Promise<boolean> {
    const way = room === undefined ? "lan" : "relay";
    return await this.#attempt(
      way,
      { pair, room },
      async (signal, onProof) => {
        const sender = await dial(signal, onProof);
        if (sender.protocol === 1) {
          throw new TypeError("Protocol 1 has no pairs");
        }
        // What was only looked at is left in order.
        onProof();
        const { readOffer } = await import("../find/read_offer.ts");
        return { pair, offer: (await readOffer(sender))!, sender };
      },
    );
  }

  /** Opens a drop and reads its offer. @param open Opens it; its signal ends that. */
  async lookAtDrop(
    pair: string,
    open: (signal: AbortSignal) => Promise<FoundDrop>,
  ): Promise<void> {
    await this.#attempt("relay", { pair }, async (signal) => {
      const drop = await open(signal);
      return { pair, offer: drop.offer, drop };
    });
  }

  /** @returns Whether what was looked at has answered. */
  async #attempt(
    way: "lan" | "relay",
    { pair, room }: Pick<Attempt, "pair" | "room">,
    open: (
      signal: AbortSignal,
      onProof: () => void,
    ) => Promise<WaitingOffer>,
  ): Promise<boolean> {
    const connecting = new AbortController();
    const over = Promise.withResolvers<void>();
    const attempt: Attempt = { pair, connecting, room, over };
    this.#attempts.add(attempt);
    this.#consider();
    using _turn = await this.#turns[way].take(pair);
    try {
      const signal = AbortSignal.any([this.options.signal, connecting.signal]);
      // The search may have ended before it was its turn.
      signal.throwIfAborted();
      this.#take(await open(signal, () => attempt.connecting = null));
      return true;
    } catch (error) {
      this.#noteFailure(error, pair);
      return SpreadError.is(error, ...ANSWERS);
    } finally {
      this.#attempts.delete(attempt);
      over.resolve();
      this.#consider();
    }
  }

  /**
   * Waits until there is something to take or to choose from, or the time is over.
   *
   * @throws The reason of the signal.
   */
  async outcome(): Promise<SearchOutcome> {
    if (!this.signal.aborted) {
      await new Promise((resolve) =>
        this.signal.addEventListener("abort", resolve, { once: true })
      );
    }
    this.options.signal.throwIfAborted();
    if (this.#defect !== null) throw this.#defect;
    const { offers } = this.#outcome;
    offers.sort((a, b) => rank(a) < rank(b) ? -1 : 1);
    return this.#outcome;
  }

  [Symbol.dispose](): void {
    this.#end();
  }

  /** Leaves what was only looked at; a sender hears that nothing is wanted. */
  leave(waiting: WaitingOffer): void {
    if ("drop" in waiting) return waiting.drop[Symbol.dispose]();
    const leaving = leaveInOrder(waiting.sender.channel).catch(() => {})
      .finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  /**
   * Waits until all senders that were only looked at have heard that nothing is wanted, including
   * those that have our proof and are yet to be left; at most {@linkcode LEAVING_MS}.
   */
  async left(): Promise<void> {
    const proven = [...this.#attempts]
      .filter(({ connecting }) => connecting === null)
      .map(({ over }) => over.promise);
    const leaving = Promise.all(proven)
      .then(() => Promise.all(this.#leaving));
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, LEAVING_MS);
    await Promise.race([leaving, late.promise]);
    clearTimeout(timer);
  }

  #take(waiting: WaitingOffer): void {
    const { pair, offer } = waiting;
    const isWanted = this.options.isWanted(offer);
    if (!isWanted) this.#outcome.unwanted.push({ pair, offer });
    if (!isWanted || this.signal.aborted || this.#isKnown(pair, offer)) {
      return this.leave(waiting);
    }
    this.#outcome.offers.push(waiting);
  }

  /** Whether this very share has been found on another way. */
  #isKnown(pair: string, offer: Offer): boolean {
    return this.#outcome.offers.some((one) =>
      one.pair === pair && one.offer.sha256 === offer.sha256 &&
      one.offer.created === offer.created
    );
  }

  #noteFailure(error: unknown, pair: string): void {
    // A room that has just ended, or a drop that was just taken, is as good as none.
    if (SpreadError.is(error, "INTERRUPTED", "NO_ROOM", "NO_DROP")) return;
    if (!(error instanceof SpreadError)) return this.#fail(error);
    const { code, message, hint } = error;
    const ofPair = `${pair}: ${message}`;
    const { failures } = this.#outcome;
    if (failures.length >= MAX_FAILURES) return;
    failures.push(new SpreadError(code, ofPair, hint, { cause: error }));
  }

  #fail(defect: unknown): void {
    this.#defect ??= defect;
    this.#end();
  }

  /** Ends the search if nothing more is to be expected; otherwise waits for that, but not too long. */
  #consider(): void {
    if (this.signal.aborted) return;
    clearTimeout(this.#patience);
    const { offers, failures, unwanted } = this.#outcome;
    const isEnough = offers.length >= this.options.needed;
    if (isEnough && !this.#hasOthers()) return this.#end();
    if (isEnough) {
      const end = () => this.#end();
      this.#patienceForOthers ??= setTimeout(end, OTHERS_MS);
      return;
    }
    if (this.#attempts.size > 0) return;
    if (this.#ways === 0) return this.#end();
    const heard = offers.length + failures.length + unwanted.length;
    if (heard > 0) this.#patience = setTimeout(() => this.#end(), ANOTHER_MS);
  }

  /** Whether shares are being looked at that are none of those found, as far as one can tell. */
  #hasOthers(): boolean {
    return [...this.#attempts].some((attempt) =>
      !this.#outcome.offers.some(({ pair, offer }) =>
        attempt.pair === pair && attempt.room !== undefined &&
        attempt.room === offer.room
      )
    );
  }

  #end(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    clearTimeout(this.#patienceForOthers);
    this.#ending.abort(over());
    for (const { connecting } of this.#attempts) connecting?.abort(over());
  }
}

/** Most failures that are remembered. */
const MAX_FAILURES = 64;

function over(): SpreadError {
  return new SpreadError("INTERRUPTED", "The search is over");
}
