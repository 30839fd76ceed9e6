/**
 * Offers of one's pairs that wait: on a connection to a sender, or in a drop.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import type { SecureChannel } from "../../../lib/protocol/secure_channel.ts";
import type { FoundDrop } from "../drops/found_drop.ts";
import type { Sender } from "../find/sender.ts";

/** An offer that nothing has been answered to yet. */
export type WaitingOffer =
  & {
    /** Our name for the sender. */
    pair: string;
    offer: Offer;
  }
  & (
    | { sender: Extract<Sender, { protocol: 2 }> }
    | { drop: FoundDrop }
  );

/** Text by whose order offers are listed: by pair, then by their age, the oldest first. */
export function rank({ pair, offer }: WaitingOffer): string {
  return `${pair}\n${offer.created}\n${offer.sha256}`;
}

/** Whether an offer is that which was chosen, with the same work. */
export function isSame(offer: Offer | null, chosen: Offer): boolean {
  return offer?.sha256 === chosen.sha256 &&
    offer.work?.sha256 === chosen.work?.sha256;
}

/** Error for a pair that shares something else than what was chosen. */
export function noLongerShared(pair: string, { name }: Offer): SpreadError {
  return new SpreadError(
    "PAYLOAD_CHANGED",
    `${pair} does not share ${name} any more`,
    "Run the command again to see what there is now",
  );
}

/** A sender with our name for it, also after it was connected to again. */
export function ofPair(sender: Sender, pair: string): Sender {
  return {
    ...sender,
    pair,
    again: async () => ofPair(await sender.again(), pair),
  };
}

/** Closes a connection on which an offer was only looked at; the sender hears that. */
export async function leaveInOrder(channel: SecureChannel): Promise<void> {
  const { leave } = await import(
    "../../../lib/protocol/transfer/receive_chosen.ts"
  );
  await leave(channel);
  await channel[Symbol.asyncDispose]();
}

/**
 * Connects to a share.
 *
 * @param signal Ends the attempt; without effect from `onProof` on.
 * @param onProof To be called as our proof is sent: its sender would take a cut for a failure from
 *   then on.
 */
export type Dial = (
  signal: AbortSignal,
  onProof: () => void,
) => Promise<Sender>;

/** A function that calls both. */
export function both(first: () => void, second: () => void): () => void {
  return () => {
    first();
    second();
  };
}
