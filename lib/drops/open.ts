/**
 * Opens a drop part by part, and hands out nothing that its sender has not sealed in that place. See
 * docs/protocol.md, section 15.4.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import {
  decodeOffer,
  MAX_JSON_BYTES,
  type Offer,
} from "../protocol/transfer/offer.ts";
import type { DropKeys } from "./keys.ts";
import {
  bindingOf,
  contentBytes,
  DROP_VERSION,
  HEAD_BYTES,
  LENGTH_BYTES,
  nonceOf,
  partAt,
  partCount,
  plainLength,
  plainStart,
} from "./layout.ts";

/** A drop of which part 0 has been opened. Positions are those after the offer. */
export class DropOpener {
  /** Number of parts. */
  readonly parts: number;
  /** Length of the payload and the work, in bytes. */
  readonly size: number;
  /** The part that was opened last. */
  #opened: { part: number; plain: Bytes } | null = null;

  private constructor(
    private readonly id: Bytes,
    private readonly key: CryptoKey,
    private readonly sealed: number,
    /** Not cleaned yet: whoever shows its texts cleans them. */
    readonly offer: Offer,
    /** Position of the payload in the plaintext. */
    private readonly start: number,
    /** Plaintext of part 0. */
    private readonly first: Bytes,
  ) {
    this.parts = partCount(sealed);
    this.size = contentBytes(offer);
  }

  /**
   * Opens part 0, and reads the offer.
   *
   * @param sealed Length of the drop, as the relay has it: it is right if the last part opens.
   * @throws {SpreadError} `PAYLOAD_CORRUPT` for anything but the first part of this drop;
   *   `BAD_MESSAGE` for an offer that breaks the rules.
   */
  static async open(
    keys: DropKeys,
    sealed: number,
    part: Bytes,
  ): Promise<DropOpener> {
    if (part.length < HEAD_BYTES || part[0] !== DROP_VERSION) throw corrupt();
    const key = await keys.sealingKey(part.slice(1, HEAD_BYTES));
    const isLast = partCount(sealed) === 1;
    const place = { id: keys.id, part: 0, isLast };
    const first = await openPart(key, place, part.subarray(HEAD_BYTES));
    if (first.length < LENGTH_BYTES) throw corrupt();
    const length = new DataView(first.buffer).getUint32(0);
    const start = LENGTH_BYTES + length;
    if (length > MAX_JSON_BYTES || start > first.length) throw corrupt();
    const offer = decodeOffer(first.slice(LENGTH_BYTES, start));
    if (start + contentBytes(offer) > plainLength(sealed)) throw corrupt();
    return new DropOpener(keys.id, key, sealed, offer, start, first);
  }

  /**
   * Number of the first part that is needed from a position on; that of the last one when all is
   * there.
   */
  partFrom(position: number): number {
    return Math.min(partAt(this.start + position), this.parts - 1);
  }

  /** Number of the part with which a position is reached; at the end that of the last one. */
  partTo(position: number): number {
    return position === this.size
      ? this.parts - 1
      : partAt(this.start + position - 1);
  }

  /** Whether a part is open still, and need not be fetched again: part 0, and the last one taken. */
  isOpen(part: number): boolean {
    return part === 0 || part === this.#opened?.part;
  }

  /**
   * Opens a part.
   *
   * @param sealed Not used for a part that is open already.
   * @param from Position from which bytes are wanted. @param to Position where they end.
   * @returns Those of these bytes that are in it.
   * @throws {SpreadError} `PAYLOAD_CORRUPT` for anything but that part, and for one with other bytes
   *   than zeros after all that the offer names.
   */
  async take(
    part: number,
    sealed: Bytes,
    from: number,
    to = this.size,
  ): Promise<Bytes> {
    const plain = await this.#plain(part, sealed);
    const start = this.start - plainStart(part);
    const rest = plain.subarray(Math.max(0, start + this.size));
    if (rest.some((byte) => byte !== 0)) throw corrupt();
    const begin = Math.max(0, start + from);
    return plain.slice(begin, Math.max(begin, start + to));
  }

  async #plain(part: number, sealed: Bytes): Promise<Bytes> {
    if (part === 0) return this.first;
    if (part === this.#opened?.part) return this.#opened.plain;
    const isLast = part === this.parts - 1;
    const place = { id: this.id, part, isLast };
    const plain = await openPart(this.key, place, sealed);
    this.#opened = { part, plain };
    return plain;
  }
}

async function openPart(
  key: CryptoKey,
  { id, part, isLast }: { id: Bytes; part: number; isLast: boolean },
  sealed: Bytes,
): Promise<Bytes> {
  try {
    const plain = await crypto.subtle.decrypt(
      {
        name: "AES-GCM",
        iv: nonceOf(part),
        additionalData: bindingOf(id, part, isLast),
      },
      key,
      sealed,
    );
    return new Uint8Array(plain);
  } catch (cause) {
    throw corrupt({ cause });
  }
}

/** Error for a relay that returns something else than what the sender has left. */
function corrupt(options?: ErrorOptions): SpreadError {
  return new SpreadError(
    "PAYLOAD_CORRUPT",
    "Cannot use what the relay has returned: it is not the drop that the sender left",
    "Try again; if that does not help, ask the sender to leave it again, at another relay",
    options,
  );
}
