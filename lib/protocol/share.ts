/**
 * A share: one payload, or a catalogue and its entries, offered to every receiver that
 * proves the passphrase.
 *
 * Serves any number of channels at once, over any transport; the caller provides the
 * channels. See docs/protocol.md, section 7.
 *
 * @module
 */

import type { FillRandom } from "../bytes.ts";
import type { SpreadError } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";
import { type Choice, encodeOffer, type Offer } from "./transfer/offer.ts";
import { withDeadline } from "./deadline.ts";
import { GuessLedger } from "./handshake/guesses.ts";
import {
  HANDSHAKE_TIMEOUT_MS,
  LEGACY_FIRST_BYTE,
  NONCE_BYTES,
  tooBusy,
} from "./handshake/messages.ts";
import {
  denyLegacy,
  LEGACY_TIMEOUT_MS,
  legacyRefused,
  serveLegacy,
} from "./legacy.ts";
import { kindOfSecret, passwordRelatedString } from "./handshake/secret.ts";
import { warmUp } from "./handshake/warm_up.ts";
import type { SecureChannel, SecureChannelOptions } from "./secure_channel.ts";
import { type Choices, sendChoices } from "./transfer/send_chosen.ts";
import {
  type PayloadSource,
  type Progress,
  sendPayload,
} from "./transfer/send.ts";
import {
  handshakeAsSender,
  refuse,
  type SenderSecrets,
} from "./handshake/sender.ts";
import { Semaphore } from "../waiting.ts";

/** Most connections that have not proved the passphrase yet: in total, and from one address. */
export const MAX_UNCONFIRMED = 1024;
export const MAX_UNCONFIRMED_PER_ADDRESS = 256;

/** Most transfers at the same time; further receivers wait for a slot, so that memory stays bounded. */
export const MAX_TRANSFERS = 16;

/** Rounds of warm-up before anyone has come: about 40 ms of work. */
const WARM_UP_ROUNDS = 10;

/** The parts of a share. */
export interface ShareOptions {
  passphrase: string;
  offer: Offer;
  source: PayloadSource;
  /** Entries of the catalogue, if the payload is one. */
  choices?: Choices;
  /** Whether the share serves protocol 1 receivers. */
  legacy: boolean;
  fillRandom: FillRandom;
  /** Time limit for a handshake, in milliseconds; tests shorten it. */
  handshakeTimeoutMs?: number;
  timing?: SecureChannelOptions;
}

/** Events while a share serves a channel. */
export interface ShareEvents {
  /** The receiver has proved the passphrase. */
  confirmed(peer: string): void;
  /** The receiver has chosen from the catalogue. */
  chosen(peer: string, choice: Choice): void;
  progress(peer: string, progress: Progress): void;
  /** The receiver has confirmed that it has the payload of this offer; the catalogue does not count. */
  delivered(peer: string, offer: Offer): void;
}

/** Serves its payload until the owner stops it. */
export class Share {
  /** Wrong passphrases so far; the owner ends the share when the limit is reached. */
  readonly guesses = new GuessLedger();
  readonly #options: ShareOptions;
  readonly #secrets: Omit<SenderSecrets, "roomCode">;
  readonly #unconfirmed = new Map<Channel, string>();
  readonly #transfers = new Semaphore(MAX_TRANSFERS);
  readonly #channels = new Set<Channel>();
  readonly #confirmed = new Map<Channel, SecureChannel>();

  /**
   * Starts the derivation of keys, so that the first receiver does not wait for it.
   *
   * @throws {Error} When a receiver would not understand the offer.
   */
  constructor(options: ShareOptions) {
    this.#options = options;
    const { passphrase, fillRandom, offer } = options;
    encodeOffer(offer);
    const salt = fillRandom(new Uint8Array(NONCE_BYTES));
    warmUp(WARM_UP_ROUNDS);
    this.#secrets = {
      kind: kindOfSecret(passphrase),
      PRS: passwordRelatedString(passphrase, salt),
      salt,
      fillRandom,
      guesses: this.guesses,
    };
  }

  /**
   * Serves one receiver and closes its channel.
   *
   * @param roomCode Code of the relay's room that the channel comes from; empty on the LAN.
   * @returns Whether the receiver has confirmed a payload and left in order; `false` when
   *   it left without asking for anything.
   * @throws {SpreadError} The reason that ended this receiver's transfer; the share
   *   continues.
   */
  async serve(
    channel: Channel,
    events: ShareEvents,
    roomCode = "",
  ): Promise<boolean> {
    this.#channels.add(channel);
    try {
      // Closes in order, also after an error: a refusal that was sent still arrives.
      await using _closing = channel;
      return await this.#serve(channel, events, roomCode);
    } finally {
      this.#channels.delete(channel);
      this.#confirmed.delete(channel);
    }
  }

  /** Ends every transfer in progress; tells the receivers that have proved the passphrase. */
  async stop(reason: SpreadError): Promise<void> {
    const confirmed = [...this.#confirmed.values()];
    for (const channel of this.#channels) {
      if (!this.#confirmed.has(channel)) channel.abort(reason);
    }
    await Promise.all(confirmed.map((secure) => secure.stop(reason)));
  }

  async #serve(
    channel: Channel,
    events: ShareEvents,
    roomCode: string,
  ): Promise<boolean> {
    const meeting = await this.#whileUnconfirmed(
      channel,
      () => this.#meet(channel, events, roomCode),
    );
    if (typeof meeting === "boolean") return meeting;
    await using secure = meeting;
    this.#confirmed.set(channel, secure);
    events.confirmed(channel.peer);
    using _place = await this.#transfers.acquire();
    return await this.#send(secure, events);
  }

  async #send(secure: SecureChannel, events: ShareEvents): Promise<boolean> {
    const { offer, source, choices } = this.#options;
    const { peer } = secure;
    const progress = (done: Progress) => events.progress(peer, done);
    if (choices !== undefined) {
      const count = await sendChoices(secure, { offer, source }, choices, {
        chosen: (choice) => events.chosen(peer, choice),
        progress,
        delivered: (chosen) => events.delivered(peer, chosen),
      });
      return count > 0;
    }
    await sendPayload(secure, offer, source, progress);
    events.delivered(peer, offer);
    return true;
  }

  /** Counts a channel as unconfirmed while `body` runs; refuses it when there are too many. */
  async #whileUnconfirmed<T>(
    channel: Channel,
    body: () => Promise<T>,
  ): Promise<T> {
    const sameAddress = [...this.#unconfirmed.values()].filter((peer) =>
      peer === channel.peer
    );
    if (
      this.#unconfirmed.size >= MAX_UNCONFIRMED ||
      sameAddress.length >= MAX_UNCONFIRMED_PER_ADDRESS
    ) {
      return await refuse(channel, "busy", tooBusy());
    }
    this.#unconfirmed.set(channel, channel.peer);
    try {
      return await body();
    } finally {
      this.#unconfirmed.delete(channel);
    }
  }

  /** Takes a new channel to a confirmed peer, or to its end. */
  async #meet(
    channel: Channel,
    events: ShareEvents,
    roomCode: string,
  ): Promise<SecureChannel | boolean> {
    const timeoutMs = this.#options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
    const deadline = performance.now() + timeoutMs;
    const first = await withDeadline(
      channel,
      timeoutMs,
      () => channel.receive(),
    );
    if (first === null) return false;
    // Used after the next receive().
    const hello = first.slice();
    if (hello[0] === LEGACY_FIRST_BYTE) {
      return await this.#meetLegacy(channel, hello, events);
    }
    return await withDeadline(
      channel,
      deadline - performance.now(),
      () =>
        handshakeAsSender(
          channel,
          hello,
          { ...this.#secrets, roomCode },
          this.#options.timing,
        ),
    );
  }

  async #meetLegacy(
    channel: Channel,
    hello: Uint8Array,
    events: ShareEvents,
  ): Promise<boolean> {
    const { legacy, passphrase, fillRandom, offer, source } = this.#options;
    if (!legacy) {
      await withDeadline(channel, LEGACY_TIMEOUT_MS, () => denyLegacy(channel));
      throw legacyRefused();
    }
    await withDeadline(
      channel,
      LEGACY_TIMEOUT_MS,
      () =>
        serveLegacy(channel, hello, offer, source, {
          passphrase,
          fillRandom,
          guesses: this.guesses,
          confirmed: () => {
            events.confirmed(channel.peer);
            return this.#transfers.acquire();
          },
        }),
    );
    events.delivered(channel.peer, offer);
    return true;
  }
}
