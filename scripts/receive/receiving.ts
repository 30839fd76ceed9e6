/**
 * The receipt of a payload of any kind, over as many connections as necessary.
 *
 * @module
 */

import type { Offer } from "../../lib/protocol/transfer/offer.ts";
import type { Sender } from "./find/sender.ts";

/** A payload to receive over as many connections as necessary. */
export interface Receiving {
  /** Whether the last connection brought any bytes. */
  readonly hasMoved: boolean;
  /** Bytes that have arrived of what is being received; they are kept for another attempt. */
  readonly keptBytes: number;

  /**
   * Receives the payload, or continues after a cut; reports it and closes the connection.
   *
   * @param offer The offer that was read from the sender; `null` over protocol 1.
   * @throws {SpreadError} Whatever ended the transfer.
   */
  take(sender: Sender, offer: Offer | null): Promise<void>;
}
