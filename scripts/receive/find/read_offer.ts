/**
 * Reads the offer of a connected sender, with its texts cleaned.
 *
 * @module
 */

import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import { receiveOffer } from "../../../lib/protocol/transfer/receive.ts";
import { cleanLine } from "../../../lib/text/clean_text.ts";
import { mapStrings } from "../../../lib/text/map_strings.ts";
import type { Sender } from "./sender.ts";

/** Longest text of an offer, in UTF-16 units: its schema allows no longer one. */
const MAX_OFFER_TEXT = 1024;

/**
 * Reads the offer, which tells what to do with the rest. If that fails, the connection is closed.
 *
 * @returns `null` over protocol 1, which has no offer.
 * @throws {SpreadError} As `receiveOffer()`.
 */
export async function readOffer(sender: Sender): Promise<Offer | null> {
  if (sender.protocol === 1) return null;
  try {
    return cleanOffer(await receiveOffer(sender.channel));
  } catch (error) {
    sender.channel.abort(error as Error);
    throw error;
  }
}

/** Makes the texts of an offer, which come from another machine, fit to show. */
export function cleanOffer(offer: Offer): Offer {
  return mapStrings(offer, (text) => cleanLine(text, MAX_OFFER_TEXT));
}
