/**
 * Receives the document beside which work comes along.
 *
 * @module
 */

import {
  type Offer,
  TEXT_CHOICE,
} from "../../../lib/protocol/transfer/offer.ts";
import {
  type AcceptOffer,
  withdrawn,
} from "../../../lib/protocol/transfer/receive.ts";
import { receiveChosen } from "../../../lib/protocol/transfer/receive_chosen.ts";
import type { Progress } from "../../../lib/protocol/transfer/send.ts";
import type { SecureChannel } from "../../../lib/protocol/secure_channel.ts";

/**
 * Chooses the document and receives it.
 *
 * @param offer The sender's first offer, which the chosen one must repeat.
 * @throws {SpreadError} As `receiveChosen()`; `PAYLOAD_CHANGED`.
 */
export async function takeText(
  channel: SecureChannel,
  offer: Offer,
  accept: AcceptOffer,
  onProgress: (progress: Progress) => void,
): Promise<void> {
  const acceptSame: AcceptOffer = async ({ size, sha256 }) => {
    const isSame = size === offer.size && sha256 === offer.sha256;
    if (!isSame) throw withdrawn("changed");
    return await accept(offer);
  };
  const choice = { id: TEXT_CHOICE, encodings: [] };
  await receiveChosen(channel, choice, acceptSame, onProgress);
}
