/**
 * The accept loop of a share: takes channels from listeners, serves each, reports the outcome,
 * and decides when to end.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import {
  MAX_GUESSES_IN_TOTAL,
  MAX_GUESSES_PER_ADDRESS,
} from "../../lib/protocol/handshake/guesses.ts";
import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { Share } from "../../lib/protocol/share.ts";
import type { Channel } from "../../lib/transports/channel.ts";
import type { SettledOptions } from "./options.ts";
import { formatCount } from "../cli/screen/format.ts";
import type { Terminal } from "../cli/terminal.ts";

/** A source of receivers. */
export interface Listener {
  channels: AsyncIterable<Channel>;
  /** Code of its room; empty on the local network. */
  roomCode(): string;
}

/** Serves receivers until the share ends. */
export class AcceptLoop {
  readonly #delivered: string[] = [];
  readonly #serving = new Set<Promise<void>>();
  readonly #end = Promise.withResolvers<void>();
  #failure: SpreadError | null = null;

  constructor(
    private readonly share: Share,
    private readonly options: SettledOptions,
    private readonly terminal: Terminal,
    /** Called for each receiver that has confirmed. */
    private readonly onDelivered: (peer: string, offer: Offer) => void,
  ) {}

  /**
   * @throws {SpreadError} `INTERRUPTED`; `TOO_MANY_GUESSES`; `NO_RECEIVER` when the time is over
   * and nobody has received anything.
   */
  async run(
    listeners: Listener[],
    signal: AbortSignal,
  ): Promise<void> {
    const timer = setTimeout(
      () => this.#endAfterServing(),
      this.options.keepOpenMin * 60_000,
    );
    const onAbort = () => this.#end.reject(this.#explainStop(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      for (const listener of listeners) this.#acceptAll(listener);
      await this.#end.promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
    if (this.#failure !== null) throw this.#failure;
    if (this.#delivered.length === 0) {
      throw noReceiver(this.options.keepOpenMin);
    }
    this.#sayEnded();
  }

  /** Ends all transfers under way. */
  async close(): Promise<void> {
    await this.share.stop(
      new SpreadError("INTERRUPTED", "The share has ended"),
    );
    await Promise.all(this.#serving);
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
    try {
      const isDelivered = await share.serve(channel, {
        confirmed: () => {
          terminal.say(`${peer} has the right passphrase`, "peer", { peer });
        },
        chosen: (_, { id }) => {
          const fields = { peer, choice: id };
          terminal.say(`${peer} has chosen ${id}`, "chosen", fields);
        },
        progress: (_, { bytes, size }) =>
          terminal.progress(peer, bytes, size, channel),
        delivered: (_, offer) => this.#deliver(peer, offer, channel),
      }, roomCode);
      if (isDelivered && this.options.once) this.#end.resolve();
    } catch (error) {
      this.#noteFailure(peer, error);
    } finally {
      terminal.endProgress(channel);
    }
  }

  /**
   * Waits for receivers being served: the time limit is only for those that have not come yet.
   */
  async #endAfterServing(): Promise<void> {
    await Promise.all(this.#serving);
    this.#end.resolve();
  }

  #deliver(peer: string, offer: Offer, channel: Channel): void {
    this.terminal.endProgress(channel);
    const { choice, name } = offer;
    this.#delivered.push(peer);
    this.onDelivered(peer, offer);
    const what = choice === undefined ? "" : `"${name}" (${choice}) `;
    const count = this.#delivered.length;
    this.terminal.say(
      `delivered ${what}to ${peer}, which confirmed it`,
      "delivered",
      { peer, count, choice },
    );
  }

  /** Reports a receiver's failure. The share continues, unless it was the last guess. */
  #noteFailure(peer: string, error: unknown): void {
    if (!(error instanceof SpreadError)) throw error;
    if (error.code === "INTERRUPTED") return;
    // Our own failure, not the receiver's: the reader of our output is gone.
    if (error.code === "CANNOT_STORE") throw error;
    const count = error.code === "PASSPHRASE_REFUSED"
      ? ` (wrong passphrase ${
        this.share.guesses.count(peer)
      } of ${MAX_GUESSES_PER_ADDRESS} from this address, ${this.share.guesses.total} of ${MAX_GUESSES_IN_TOTAL} in all)`
      : "";
    if (error.code === "PEER_STOPPED") {
      this.terminal.say(`${peer} has stopped; it may try again`);
    } else this.terminal.warn(`${peer}: ${error.message}${count}`);
    this.terminal.event("refused", {
      peer,
      error: error.code,
      message: error.message,
    });
    if (!this.share.guesses.isExhausted) return;
    this.#failure = guessesExhausted(this.share.guesses.total);
    this.#end.resolve();
  }

  #sayEnded(): void {
    const delivered = this.#delivered.length;
    this.terminal.say(`ended; ${this.#outcome()}`, "ended", { delivered });
  }

  #outcome(): string {
    const count = this.#delivered.length;
    if (count === 0) return "nobody received it";
    return this.options.kind === "session"
      ? `${formatCount(count, "session")} taken`
      : `delivered to ${formatCount(count, "receiver")}`;
  }

  /** Adds to a stop what has come of the share. */
  #explainStop(stop: unknown): unknown {
    if (!SpreadError.is(stop, "INTERRUPTED")) return stop;
    const message = `${stop.message}; ${this.#outcome()}`;
    return new SpreadError(stop.code, message, stop.hint, { cause: stop });
  }
}

function guessesExhausted(count: number): SpreadError {
  return new SpreadError(
    "TOO_MANY_GUESSES",
    `The share has ended: ${count} wrong passphrases were tried`,
    "Share again with a new passphrase, and give it only to the receiver",
  );
}

function noReceiver(minutes: number): SpreadError {
  return new SpreadError(
    "NO_RECEIVER",
    `Nobody received anything within ${formatCount(minutes, "minute")}`,
    "Share again when the receiver is ready, or for longer (claude-spread serve --help)",
  );
}
