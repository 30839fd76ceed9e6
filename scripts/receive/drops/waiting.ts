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

  /**
   * Sends the receipt, after which nobody else has the payload; warns the person when that fails.
   *
   * @param file The file that it was put in, if any: it outlasts a power cut from then on.
   * @throws {SpreadError} `CANNOT_STORE` when the disk fails; the drop stays then.
   */
  acknowledge(file?: string): Promise<void>;
}
