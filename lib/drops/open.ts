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
  DROP_VERSION,
  HEAD_BYTES,
  LENGTH_BYTES,
  nonceOf,
  partAt,
  partCount,
  plainLength,
  plainStart,
} from "./layout.ts";

/** A drop of which part 0 has been opened. */
export class DropOpener {
  /** Number of parts. */
  readonly parts: number;

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
    if (start + offer.size > plainLength(sealed)) throw corrupt();
    return new DropOpener(keys.id, key, sealed, offer, start, first);
  }

  /**
   * Number of the first part that is needed from a position of the payload on; that of the last one
   * when all of it is there.
   */
  partFrom(position: number): number {
    return Math.min(partAt(this.start + position), this.parts - 1);
  }

  /**
   * Opens a part.
   *
   * @param sealed Not used for part 0, which is open already.
   * @param from Position of the payload from which its bytes are wanted.
   * @returns The bytes of the payload in it, from `from` on.
   * @throws {SpreadError} `PAYLOAD_CORRUPT` for anything but that part, and for one with other bytes
   *   than zeros after the payload.
   */
  async take(part: number, sealed: Bytes, from: number): Promise<Bytes> {
    const isLast = part === this.parts - 1;
    const plain = part === 0
      ? this.first
      : await openPart(this.key, { id: this.id, part, isLast }, sealed);
    const at = plainStart(part);
    const end = this.start + this.offer.size - at;
    if (plain.subarray(Math.max(0, end)).some((byte) => byte !== 0)) {
      throw corrupt();
    }
    const begin = Math.max(0, this.start + from - at);
    return plain.slice(begin, Math.max(begin, end));
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
    "Cannot use what the relay has returned: it is not the drop that the sender has left",
    "Try again; if it stays so, ask the sender to leave it again, at another relay",
    options,
  );
}
