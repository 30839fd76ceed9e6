/**
 * A share: one payload, or a catalogue and its entries, offered to every receiver that
 * proves the passphrase.
 *
 * Serves any number of channels at once, over any transport; the caller provides the
 * channels. See docs/protocol.md, section 7.
 *
 * @module
 */

import { Admission, type Place, SHARE_LIMITS } from "../admission/admission.ts";
import { networkKey } from "../admission/network_key.ts";
import type { SpreadError } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";
import { encodeOffer, type Offer } from "./transfer/offer.ts";
import { withDeadline } from "./deadline.ts";
import { GuessLedger } from "./handshake/guesses.ts";
import {
  encodeRefusal,
  HANDSHAKE_TIMEOUT_MS,
  LEGACY_FIRST_BYTE,
  NONCE_BYTES,
  tooBusy,
} from "./handshake/messages.ts";
import { type PairSecret, secretOfShare } from "./handshake/secret.ts";
import { warmUp } from "./handshake/warm_up.ts";
import type { SecureChannel } from "./secure_channel.ts";
import type { ShareEvents, ShareOptions } from "./share_options.ts";
import { type Progress, sendPayload } from "./transfer/send.ts";
import { handshakeAsSender, type ShareSecrets } from "./handshake/sender.ts";
import { Semaphore } from "../waiting.ts";

/** Most transfers at the same time; further receivers wait for a slot, so that memory stays bounded. */
export const MAX_TRANSFERS = 16;

// Few shares need these.
const loadLegacy = () => import("./legacy.ts");
const loadChoices = () => import("./transfer/send_chosen.ts");

/** Rounds of warm-up before anyone has come: about 40 ms of work. */
const WARM_UP_ROUNDS = 10;

/** Serves its payload until the owner stops it. */
export class Share {
  /** Wrong passphrases so far; the owner ends the share when the limit is reached. */
  readonly guesses = new GuessLedger();
  readonly #options: ShareOptions;
  readonly #secrets: ShareSecrets;
  readonly #admission = new Admission(SHARE_LIMITS);
  readonly #transfers = new Semaphore(MAX_TRANSFERS);
  readonly #channels = new Set<Channel>();
  readonly #confirmed = new Map<Channel, SecureChannel>();
  /** Receivers whose turn has come. */
  readonly #served = new Set<Channel>();
  #isClosed = false;

  /**
   * Starts the derivation of keys, so that the first receiver does not wait for it.
   *
   * @throws {Error} When a receiver would not understand the offer.
   */
  constructor(options: ShareOptions) {
    this.#options = options;
    const { secret, fillRandom } = options;
    const isPairing = "makePair" in options;
    if (!isPairing) encodeOffer(options.offer);
    const salt = fillRandom(new Uint8Array(NONCE_BYTES));
    warmUp(WARM_UP_ROUNDS);
    this.#secrets = {
      ...secretOfShare(secret, salt),
      salt,
      fillRandom,
      guesses: this.guesses,
      isPairing,
    };
  }

  /**
   * Serves one receiver and closes its channel.
   *
   * @param roomCode Code of the relay's room that the channel comes from; empty on the LAN.
   * @returns Whether the receiver has confirmed a payload and left in order, or is a pair with
   *   this machine now; `false` when it left without taking anything.
   * @throws {SpreadError} The reason that ended this receiver's transfer; the share
   *   continues.
   */
  async serve(
    channel: Channel,
    events: ShareEvents,
    roomCode = "",
  ): Promise<boolean> {
    // Held until the channel is closed: a connection that is being closed counts, too.
    using place = this.#admit(channel);
    if (place === null) return await turnAway(channel);
    this.#channels.add(channel);
    try {
      // Closes in order, also after an error: a refusal that was sent still arrives.
      await using _closing = channel;
      return await this.#serve(channel, place, events, roomCode);
    } finally {
      this.#channels.delete(channel);
      this.#confirmed.delete(channel);
      this.#served.delete(channel);
    }
  }

  /**
   * Serves nobody new from now on, and lets those finish whose turn has come; tells the
   * other receivers that have proved the passphrase.
   */
  async close(reason: SpreadError): Promise<void> {
    this.#isClosed = true;
    await this.#end((channel) => !this.#served.has(channel), reason);
  }

  /** Ends every transfer in progress; tells the receivers that have proved the passphrase. */
  async stop(reason: SpreadError): Promise<void> {
    this.#isClosed = true;
    await this.#end(() => true, reason);
    // Nobody may have needed it yet; nothing of the share runs on.
    if (this.#secrets.kind !== "pair") await this.#secrets.PRS;
  }

  async #end(
    isChosen: (channel: Channel) => boolean,
    reason: SpreadError,
  ): Promise<void> {
    const ending = [...this.#channels].filter(isChosen).map((channel) => {
      const secure = this.#confirmed.get(channel);
      return secure === undefined ? channel.abort(reason) : secure.stop(reason);
    });
    await Promise.all(ending);
  }

  /** A place for a new connection; `null` when there is none. */
  #admit(channel: Channel): Place | null {
    if (this.#isClosed) return null;
    const evict = () => void turnAway(channel).catch(() => {});
    return this.#admission.enter(networkKey(channel.peer), evict);
  }

  async #serve(
    channel: Channel,
    place: Place,
    events: ShareEvents,
    roomCode: string,
  ): Promise<boolean> {
    let pair: PairSecret | undefined;
    const proved = (one?: PairSecret) => {
      place.confirm();
      pair = one;
    };
    const confirmed = () => events.confirmed(channel.peer, pair);
    const delivered = (offer: Offer) => events.delivered(channel.peer, offer);
    const how = { roomCode, proved, confirmed, delivered };
    const meeting = await this.#meet(channel, how);
    if (meeting === null) return false;
    if (meeting === "delivered") return true;
    await using secure = meeting;
    this.#confirmed.set(channel, secure);
    confirmed();
    using _turn = await this.#takeTurn(channel);
    return await this.#send(secure, events);
  }

  /** Waits until it is this receiver's turn to be served. */
  async #takeTurn(channel: Channel): Promise<Disposable> {
    const turn = await this.#transfers.acquire();
    this.#served.add(channel);
    return turn;
  }

  async #send(secure: SecureChannel, events: ShareEvents): Promise<boolean> {
    if ("makePair" in this.#options) {
      await this.#options.makePair(secure);
      return true;
    }
    const { source, choices, room } = this.#options;
    const offer = { ...this.#options.offer, room: room?.() };
    const { peer } = secure;
    const progress = (done: Progress) => events.progress(peer, done);
    if (choices !== undefined) {
      const { sendChoices } = await loadChoices();
      const count = await sendChoices(secure, { offer, source }, choices, {
        chosen: (choice) => events.chosen(peer, choice),
        progress,
        delivered: (chosen) => events.delivered(peer, chosen),
      });
      return count > 0;
    }
    const isTaken = await sendPayload(secure, offer, source, progress);
    if (isTaken) events.delivered(peer, offer);
    return isTaken;
  }

  /**
   * Takes a new channel to a confirmed peer; `null` when it closes without a word,
   * "delivered" when it was served over protocol 1.
   */
  async #meet(
    channel: Channel,
    { roomCode, proved, confirmed, delivered }: {
      roomCode: string;
      proved: (pair?: PairSecret) => void;
      confirmed: () => void;
      delivered: (offer: Offer) => void;
    },
  ): Promise<SecureChannel | "delivered" | null> {
    const timeoutMs = this.#options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
    const deadline = performance.now() + timeoutMs;
    const first = await withDeadline(
      channel,
      timeoutMs,
      () => channel.receive(),
    );
    if (first === null) return null;
    // Used after the next receive().
    const hello = first.slice();
    if (hello[0] === LEGACY_FIRST_BYTE) {
      const offer = await this.#serveLegacy(channel, hello, () => {
        proved();
        confirmed();
      });
      delivered(offer);
      return "delivered";
    }
    return await withDeadline(
      channel,
      deadline - performance.now(),
      () =>
        handshakeAsSender(
          channel,
          hello,
          { ...this.#secrets, roomCode, onProof: proved },
          this.#options.timing,
        ),
    );
  }

  /** Returns what it has delivered. */
  async #serveLegacy(
    channel: Channel,
    hello: Uint8Array,
    confirmed: () => void,
  ): Promise<Offer> {
    const protocol1 = await loadLegacy();
    const { LEGACY_TIMEOUT_MS } = protocol1;
    const { legacy, secret } = this.#options;
    if (!legacy || typeof secret !== "string") {
      await withDeadline(
        channel,
        LEGACY_TIMEOUT_MS,
        () => protocol1.denyLegacy(channel),
      );
      throw protocol1.legacyRefused();
    }
    const { fillRandom, offer, source } = this.#options;
    await withDeadline(
      channel,
      LEGACY_TIMEOUT_MS,
      () =>
        protocol1.serveLegacy(channel, hello, offer, source, {
          passphrase: secret,
          fillRandom,
          guesses: this.guesses,
          confirmed: () => {
            confirmed();
            return this.#takeTurn(channel);
          },
        }),
    );
    return offer;
  }
}

/** Time for a refusal to be taken by the network, in milliseconds: nobody may hold up our end. */
const REFUSAL_MS = 1_000;

/** Tells a receiver that there is no place for it, and closes at once. */
async function turnAway(channel: Channel): Promise<never> {
  const refuse = () => channel.send(encodeRefusal("busy"));
  await withDeadline(channel, REFUSAL_MS, refuse).catch(() => {});
  channel.abort(tooBusy());
  throw tooBusy();
}
