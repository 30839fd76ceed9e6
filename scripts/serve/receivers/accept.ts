/**
 * Accept loop of a share: takes channels from listeners, serves each of them, reports its
 * outcome, and decides when the share ends. See docs/protocol.md, section 7.4.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import {
  type Offer,
  TEXT_CHOICE,
  WORK_CHOICE,
} from "../../../lib/protocol/transfer/offer.ts";
import type { PairSecret } from "../../../lib/protocol/handshake/secret.ts";
import type { Share } from "../../../lib/protocol/share.ts";
import type { Channel } from "../../../lib/transports/channel.ts";
import { afterWallTime } from "../../../lib/waiting.ts";
import type { SettledOptions } from "../options.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { Endings, Taken } from "./endings.ts";
import type { Refusals } from "./refusals.ts";

/**
 * Time that transfers get at the end of a share, in milliseconds. A large one may take long; a
 * receiver that stalls is cut off before (docs/protocol.md, section 6.8).
 */
const GRACE_MS = 15 * 60_000;

/** Source of channels to receivers: a TCP port, or a room on a relay. */
export interface Listener {
  channels: AsyncIterable<Channel>;
  /** Code of the room now; empty on the local network. */
  roomCode(): string;
  /** Stops accepting, if it can: a room cannot, where the share refuses those who come. */
  close(): void;
}

/** Callbacks for what `status` shows. */
export interface AcceptEvents {
  /**
   * A receiver has confirmed that it has the payload of this offer, or the work that comes along.
   *
   * @param pair Our name for it, if the share is for pairs.
   */
  delivered(peer: string, offer: Offer, pair: string | undefined): void;
  /** A pair has received something, and has left in order. */
  isDone?: (pair: string) => void;
  /** Our name for the pair with this secret; absent for a share that is not for pairs. */
  nameOf?: (secret: PairSecret) => string;
  /** A passphrase was wrong. */
  guessed(peer: string): void;
}

/** Serves receivers until the share ends. */
export class AcceptLoop {
  readonly #taken: Taken = { delivered: 0, works: 0 };
  readonly #serving = new Set<Promise<void>>();
  readonly #end = Promise.withResolvers<void>();
  #failure: SpreadError | null = null;
  #listeners: Listener[] = [];
  /** Loaded when the first one fails. */
  #refusals: Promise<Refusals> | null = null;

  constructor(
    private readonly share: Share,
    private readonly options: Pick<
      SettledOptions,
      "keepOpenMin" | "once" | "relay"
    >,
    private readonly terminal: Terminal,
    private readonly endings: Endings,
    private readonly events: AcceptEvents,
    private readonly graceMs = GRACE_MS,
  ) {}

  /**
   * Serves receivers until the time is over, the guesses are used up, or with `--once` until the
   * first delivery.
   *
   * @param signal Ends the share at once; {@linkcode close} then ends the transfers.
   * @throws {SpreadError} `TOO_MANY_GUESSES`; `NO_RECEIVER` when the time is over and nobody has
   *   received anything; the reason of the signal, with the number of deliveries; `CANNOT_STORE`
   *   when the output of this command cannot be written.
   */
  async run(
    listeners: Listener[],
    signal: AbortSignal,
  ): Promise<void> {
    this.#listeners = listeners;
    using _timer = afterWallTime(
      this.options.keepOpenMin * 60_000,
      () => void this.#endAfterServing(),
    );
    const onAbort = () => this.#end.reject(this.#explainStop(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      for (const listener of listeners) {
        this.#acceptAll(listener).catch((error) => this.#end.reject(error));
      }
      await this.#end.promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#shutDoors();
    }
    if (this.#failure !== null) throw this.#failure;
    this.endings.conclude(this.#taken);
  }

  /** Ends all transfers in progress, and reports the failures that were only counted. */
  async close(): Promise<void> {
    this.#shutDoors();
    await this.share.stop(shareEnded());
    await Promise.all(this.#serving);
    (await this.#refusals)?.finish();
  }

  /** Stops accepting, and ends the connections of receivers whose turn has not come. */
  #shutDoors(): void {
    for (const listener of this.#listeners) listener.close();
    this.#listeners = [];
    void this.share.close(shareEnded());
  }

  async #acceptAll({ channels, roomCode }: Listener): Promise<void> {
    for await (const channel of channels) {
      const serving = this.#serve(channel, roomCode())
        .catch((error) => this.#end.reject(error))
        .finally(() => this.#serving.delete(serving));
      this.#serving.add(serving);
    }
  }

  async #serve(channel: Channel, roomCode: string): Promise<void> {
    const { peer } = channel;
    const { terminal, share } = this;
    let pair: string | undefined;
    try {
      const isDelivered = await share.serve(channel, {
        confirmed: (_, secret) => {
          pair = secret && this.events.nameOf?.(secret);
          const text = pair === undefined
            ? `${peer} has the right passphrase`
            : `${pair} has connected from ${peer}`;
          terminal.say(text, "peer", { peer, pair });
        },
        chosen: (_, { id }) => {
          const fields = { peer, choice: id };
          const what = CHOICES[id] ?? id;
          terminal.say(`${peer} has chosen ${what}`, "chosen", fields);
        },
        progress: (_, { bytes, size }) =>
          terminal.progress(pair ?? peer, bytes, size, channel),
        delivered: (_, offer) =>
          this.#deliver(
            { peer, pair },
            offer,
            channel,
            roomCode === "" ? "lan" : "relay",
          ),
      }, roomCode);
      if (!isDelivered && pair !== undefined) {
        terminal.say(`${pair} has seen what is offered`, "looked", {
          peer,
          pair,
        });
      }
      if (isDelivered && pair !== undefined) this.events.isDone?.(pair);
      if (isDelivered && this.options.once && !this.#isWorkAlone) {
        this.#end.resolve();
      }
    } catch (error) {
      // A receiver that has found another share, or this one on another way, leaves without a word.
      const isSearching = this.#isForPairs && pair === undefined &&
        SpreadError.is(error, "PEER_GONE");
      if (!isSearching) await this.#noteFailure(peer, error, roomCode);
    } finally {
      terminal.endProgress(channel);
    }
  }

  /** Stops accepting, and ends the share once all transfers have, after the grace at the latest. */
  async #endAfterServing(): Promise<void> {
    this.#shutDoors();
    const grace = setTimeout(() => this.#end.resolve(), this.graceMs);
    await Promise.all(this.#serving);
    clearTimeout(grace);
    this.#end.resolve();
  }

  /**
   * Whether nothing was taken so far but work, as a receiver does that only lists the sessions:
   * it comes back for those.
   */
  get #isWorkAlone(): boolean {
    const { delivered, works } = this.#taken;
    return works > 0 && delivered === 0;
  }

  /** Whether the share is for pairs: nobody can guess their secrets, and nothing is counted. */
  get #isForPairs(): boolean {
    return this.events.nameOf !== undefined;
  }

  #deliver(
    { peer, pair }: { peer: string; pair: string | undefined },
    offer: Offer,
    channel: Channel,
    way: "lan" | "relay",
  ): void {
    this.terminal.endProgress(channel);
    const { choice } = offer;
    this.#taken[choice === WORK_CHOICE ? "works" : "delivered"]++;
    const count = this.#taken.delivered;
    this.events.delivered(peer, offer, pair);
    const what = choiceInWords(offer);
    // A share without a room has one way only.
    const via = this.options.relay === undefined ? undefined : way;
    const who = pair ?? peer;
    const where = via === "lan" ? `${who} on the local network` : who;
    this.terminal.say(
      `delivered ${what}to ${where}, which confirmed it`,
      "delivered",
      { peer, pair, count, choice, via },
    );
  }

  /** Reports a receiver's failure. The share continues, unless it was the last guess. */
  async #noteFailure(
    peer: string,
    error: unknown,
    roomCode: string,
  ): Promise<void> {
    if (!(error instanceof SpreadError)) throw error;
    if (error.code === "INTERRUPTED") return;
    // Not the receiver's failure: whoever reads our output is gone.
    if (error.code === "CANNOT_STORE") throw error;
    this.#refusals ??= import("./refusals.ts").then(({ Refusals }) =>
      new Refusals(this.terminal)
    );
    const refusals = await this.#refusals;
    if (error.code === "PASSPHRASE_REFUSED" && !this.#isForPairs) {
      refusals.addGuess(peer, error, this.share.guesses, roomCode);
      this.events.guessed(peer);
    } else refusals.add(peer, error);
    if (!this.share.guesses.isExhausted || this.#failure !== null) return;
    this.#failure = this.endings.exhausted(this.share.guesses.total);
    // Not awaited: it waits for all receivers, and this one is still being served.
    void this.#endAfterServing();
  }

  /** Adds the number of deliveries to the error of an interruption. */
  #explainStop(stop: unknown): unknown {
    if (!SpreadError.is(stop, "INTERRUPTED")) return stop;
    const message = `${stop.message}; ${this.endings.outcome(this.#taken)}`;
    return new SpreadError(stop.code, message, stop.hint, { cause: stop });
  }
}

/** Choices of a share with work, in words. */
const CHOICES: Record<string, string | undefined> = {
  [TEXT_CHOICE]: "the text",
  [WORK_CHOICE]: "the work",
};

/** Name of the delivered part, with a blank after it; empty where there was no choice. */
function choiceInWords({ choice, name }: Offer): string {
  if (choice === undefined) return "";
  return `${CHOICES[choice] ?? `"${name}" (${choice})`} `;
}

function shareEnded(): SpreadError {
  return new SpreadError("INTERRUPTED", "The share has ended");
}
