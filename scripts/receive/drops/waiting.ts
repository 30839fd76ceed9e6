/**
 * A payload that waits: its sender is not there, and its offer is known.
 *
 * @module
 */

import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import type { PayloadSink } from "../../../lib/protocol/transfer/receive.ts";

/** A payload that waits, with an offer whose texts are cleaned. */
export interface Waiting {
  readonly offer: Offer;
  /** Our name for the sender, if it is paired with this machine. */
  readonly pair?: string;

  /** Gets the payload from the sink's offset to its end; does not finish the sink. */
  fetch(sink: PayloadSink): Promise<void>;

  /** Gets the work that the offer names, as {@linkcode fetch} gets the payload, and after that. */
  fetchWork(sink: PayloadSink): Promise<void>;

  /**
   * Sends the receipt, after which nobody else has the payload; warns the person when that fails.
   *
   * @param files The files that all was put in: they outlast a power cut from then on.
   * @throws {SpreadError} `CANNOT_STORE` when the disk fails; the drop stays then.
   */
  acknowledge(files: string[]): Promise<void>;
}
