/**
 * The texts of an offer, which come from another machine, made fit to show.
 *
 * @module
 */

import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import { cleanLine } from "../../lib/text/clean_text.ts";
import { mapStrings } from "../../lib/text/map_strings.ts";

/** Longest text of an offer, in UTF-16 units: its schema allows no longer one. */
const MAX_OFFER_TEXT = 1024;

/** Cleans every text of an offer. */
export function cleanOffer(offer: Offer): Offer {
  return mapStrings(offer, (text) => cleanLine(text, MAX_OFFER_TEXT));
}
