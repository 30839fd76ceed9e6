/**
 * The parts of a share, and its events. See `share.ts`.
 *
 * @module
 */

import type { FillRandom } from "../bytes.ts";
import type { PairSecret } from "./handshake/secret.ts";
import type { SecureChannel, SecureChannelOptions } from "./secure_channel.ts";
import type { Choice, Offer } from "./transfer/offer.ts";
import type { Choices } from "./transfer/send_chosen.ts";
import type { PayloadSource, Progress } from "./transfer/send.ts";

/** The parts of every share. */
interface CommonOptions {
  /** Words, a passphrase, or the secrets of the pairs that it is for. */
  secret: string | readonly PairSecret[];
  fillRandom: FillRandom;
  /** Time limit for a handshake, in milliseconds; tests shorten it. */
  handshakeTimeoutMs?: number;
  timing?: SecureChannelOptions;
}

/** The parts of a share of a payload. */
export interface PayloadOptions extends CommonOptions {
  offer: Offer;
  source: PayloadSource;
  /** Entries of the catalogue, if the payload is one. */
  choices?: Choices;
  /** Whether the share serves protocol 1 receivers. */
  legacy: boolean;
  /** Code of the room that the offers name, if there is one: that of a share for pairs. */
  room?: () => string | undefined;
}

/** The parts of a share of nothing but a pair. */
export interface PairingOptions extends CommonOptions {
  /**
   * Makes the pair with a receiver, whose channel has a seed.
   *
   * @throws {SpreadError} When there is no pair; the share continues.
   */
  makePair: (receiver: SecureChannel) => Promise<void>;
  legacy: false;
}

/** The parts of a share. */
export type ShareOptions = PayloadOptions | PairingOptions;

/** Events while a share serves a channel. */
export interface ShareEvents {
  /** The receiver has proved the secret. @param pair The pair that it belongs to, if there are any. */
  confirmed(peer: string, pair?: PairSecret): void;
  /** The receiver has chosen from the catalogue. */
  chosen(peer: string, choice: Choice): void;
  progress(peer: string, progress: Progress): void;
  /** The receiver has confirmed that it has the payload of this offer; the catalogue does not count. */
  delivered(peer: string, offer: Offer): void;
}
