/**
 * Seals a payload as a drop, part by part; no more than one part of it is in memory. See
 * docs/protocol.md, section 15.4.
 *
 * @module
 */

import { type Bytes, concatBytes, type FillRandom } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { encodeOffer, type Offer } from "../protocol/transfer/offer.ts";
import type { PayloadSource } from "../protocol/transfer/send.ts";
import { DROP_SALT_BYTES, type DropKeys } from "./keys.ts";
import {
  bindingOf,
  contentBytes,
  DROP_VERSION,
  LENGTH_BYTES,
  nonceOf,
  paddedLength,
  partCount,
  plainCapacity,
  plainStart,
  sealedLength,
} from "./layout.ts";
import { shownLimit, shownSize } from "./refusals.ts";

/** A payload to be sealed. */
export class DropSealer {
  readonly #offer: Bytes;
  readonly #plain: number;

  /**
   * @param source The payload, and then the work that the offer names.
   * @param maxBytes Most bytes of a drop that the relay takes.
   * @throws {SpreadError} `PAYLOAD_TOO_LARGE`.
   */
  constructor(
    private readonly keys: DropKeys,
    offer: Offer,
    private readonly source: PayloadSource,
    maxBytes: number,
  ) {
    this.#offer = encodeOffer(offer);
    const length = LENGTH_BYTES + this.#offer.length + contentBytes(offer);
    const capacity = plainCapacity(maxBytes);
    if (length > capacity) throw tooLarge(offer, maxBytes);
    this.#plain = Math.min(paddedLength(length), capacity);
  }

  /** Length of the sealed drop, in bytes. */
  get bytes(): number {
    return sealedLength(this.#plain);
  }

  /**
   * Seals the parts in order, under a new key, so that it may be called again.
   *
   * @throws {SpreadError} `PAYLOAD_CHANGED`.
   */
  async *seal(fillRandom: FillRandom): AsyncGenerator<Bytes> {
    const salt = fillRandom(new Uint8Array(DROP_SALT_BYTES));
    const key = await this.keys.sealingKey(salt);
    const count = partCount(this.bytes);
    await using plaintext = new Plaintext(this.#pieces());
    for (let part = 0; part < count; part++) {
      const end = Math.min(plainStart(part + 1), this.#plain);
      const sealed = await crypto.subtle.encrypt(
        {
          name: "AES-GCM",
          iv: nonceOf(part),
          additionalData: bindingOf(this.keys.id, part, part === count - 1),
        },
        key,
        await plaintext.take(end - plainStart(part)),
      );
      const ciphertext = new Uint8Array(sealed);
      yield part === 0
        ? concatBytes(Uint8Array.of(DROP_VERSION), salt, ciphertext)
        : ciphertext;
    }
  }

  /** Content of the plaintext before its zeros. */
  async *#pieces(): AsyncGenerator<Bytes> {
    const length = new Uint8Array(LENGTH_BYTES);
    new DataView(length.buffer).setUint32(0, this.#offer.length);
    yield concatBytes(length, this.#offer);
    yield* this.source.read(0);
  }
}

/** Pieces of any length, taken in lengths of the caller's; zeros follow them. */
class Plaintext implements AsyncDisposable {
  #piece: Bytes = new Uint8Array(0);

  constructor(private readonly pieces: AsyncGenerator<Bytes>) {}

  async take(length: number): Promise<Bytes> {
    const taken = new Uint8Array(length);
    for (let at = 0; at < length;) {
      if (this.#piece.length === 0) {
        const next = await this.pieces.next();
        if (next.done) break;
        this.#piece = next.value;
      }
      const part = this.#piece.subarray(0, length - at);
      taken.set(part, at);
      this.#piece = this.#piece.subarray(part.length);
      at += part.length;
    }
    return taken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pieces.return(undefined);
  }
}

function tooLarge({ size, work }: Offer, maxBytes: number): SpreadError {
  const beside = work === undefined
    ? ""
    : ` with ${shownSize(work.size)} of work`;
  const other = work === undefined ? "" : ", or without --with-work";
  return new SpreadError(
    "PAYLOAD_TOO_LARGE",
    `Cannot leave ${
      shownSize(size)
    }${beside}: the relay keeps drops of at most ${shownLimit(maxBytes)}`,
    `Share it while both machines are awake, without --leave${other}`,
  );
}
