/**
 * Takes a drop from a relay: part by part, each opened before anything of it is used. See
 * docs/protocol.md, section 15.5.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import type { Offer } from "../protocol/transfer/offer.ts";
import type { DropRelay, Taker } from "./drop_relay.ts";
import type { DropKeys } from "./keys.ts";
import { DropOpener } from "./open.ts";
import { DropRefused } from "./refusals.ts";

/** A drop that is being taken. */
export class DropTaking {
  private constructor(
    private readonly relay: DropRelay,
    private readonly id: string,
    private readonly taker: Taker,
    private readonly opener: DropOpener,
    /** Seconds until it expires. */
    readonly expiresS: number,
  ) {}

  /**
   * Begins to take a drop, or goes on: from now on no other receiver can, for a minute.
   *
   * @param taking Number of this taking in hex, made at random once and kept until the receipt.
   * @throws {SpreadError} `NO_DROP`, `DROP_BUSY`, `PAYLOAD_CORRUPT`, `BAD_MESSAGE`; as
   *   `DropRelay.look()`.
   */
  static async open(
    relay: DropRelay,
    keys: DropKeys,
    taking: string,
  ): Promise<DropTaking> {
    const id = keys.id.toHex();
    const taker = { take: keys.take.toHex(), taking };
    try {
      const { state, bytes, expires_s } = await relay.look(id, taker);
      if (state === "filling") throw new DropRefused("drop_incomplete");
      if (state !== "waiting") throw new DropRefused("drop_taken");
      const part = await relay.get(id, 0, taker);
      const opener = await DropOpener.open(keys, bytes, part);
      return new DropTaking(relay, id, taker, opener, expires_s);
    } catch (error) {
      throw relay.inWords(error);
    }
  }

  /** The offer; its texts are not cleaned. */
  get offer(): Offer {
    return this.opener.offer;
  }

  /**
   * Gets the payload and the work, or a stretch of them; with their end also that of the drop.
   *
   * @param from Position after the offer. @param to Position where the stretch ends.
   * @param write Stores the next bytes.
   * @throws {SpreadError} As {@linkcode open}; whatever `write` throws.
   */
  async fetch(
    from: number,
    to: number,
    write: (bytes: Bytes) => void | Promise<void>,
  ): Promise<void> {
    const { opener, relay } = this;
    let part = opener.partFrom(from);
    const last = opener.partTo(to);
    if (part > last) return;
    try {
      for (let next = this.#get(part); part <= last; part++) {
        const sealed = await next;
        // While the relay sends the next one.
        if (part < last) next = this.#get(part + 1);
        next.catch(() => {});
        await write(await opener.take(part, sealed, from, to));
      }
    } catch (error) {
      throw relay.inWords(error);
    }
  }

  /** A part, sealed; empty for one that is open already. */
  async #get(part: number): Promise<Bytes> {
    const { relay, id, taker, opener } = this;
    if (opener.isOpen(part)) return new Uint8Array(0);
    return await relay.get(id, part, taker);
  }

  /** Tells the relay that all of it is in its place. @throws {SpreadError} As {@linkcode open}. */
  async acknowledge(): Promise<void> {
    try {
      await this.relay.acknowledge(this.id, this.taker);
    } catch (error) {
      throw this.relay.inWords(error);
    }
  }
}
