/**
 * Records: authenticated, encrypted frames after the handshake.
 *
 * A record is `type (1 byte) || AES-256-GCM(body) || tag (16 bytes)`. The type is
 * associated data; the nonce is a 12-byte big-endian counter for each direction, starting
 * at 0 and never sent, so a record that is changed, repeated, reordered or left out does
 * not open. See docs/protocol.md, section 5.
 *
 * @module
 */

import type { Bytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";

/** Bytes that a record adds to its body: type and tag. */
export const RECORD_OVERHEAD_BYTES = 17;

/** Largest body of one record, in bytes. */
export const MAX_RECORD_BODY_BYTES = 1024 * 1024;

/** Most records under one key; far below the limit of AES-GCM with unique nonces. */
export const MAX_RECORDS = 2 ** 32;

/** An opened record. */
export interface PlainRecord {
  type: number;
  body: Bytes;
}

/** Counts records of one direction and makes their nonces. */
class NonceCounter {
  #next: number;

  constructor(first: number) {
    this.#next = first;
  }

  take(): Bytes {
    if (this.#next >= MAX_RECORDS) {
      throw new RangeError("Cannot use one key for more records");
    }
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setBigUint64(4, BigInt(this.#next++));
    return nonce;
  }
}

/** Encrypts one direction. */
export class RecordSealer {
  readonly #key: CryptoKey;
  readonly #counter: NonceCounter;

  /** @param first Number of the first record; always 0 outside tests. */
  constructor(key: CryptoKey, first = 0) {
    this.#key = key;
    this.#counter = new NonceCounter(first);
  }

  /**
   * Seals one record. The call fixes the place of the record in the sequence, so several
   * calls may run at once if their results are sent in the order of the calls.
   *
   * @returns The record as two parts (type, ciphertext with tag) to be sent as one frame.
   * @throws {RangeError} When `body` exceeds {@linkcode MAX_RECORD_BODY_BYTES}.
   */
  async seal(type: number, body: Bytes): Promise<[Bytes, Bytes]> {
    if (body.length > MAX_RECORD_BODY_BYTES) {
      throw new RangeError(
        `Cannot seal ${body.length} bytes: a record takes 1 MiB`,
      );
    }
    const head = Uint8Array.of(type);
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv: this.#counter.take(), additionalData: head },
      this.#key,
      body,
    );
    return [head, new Uint8Array(sealed)];
  }
}

/** Decrypts one direction. */
export class RecordOpener {
  readonly #key: CryptoKey;
  readonly #counter: NonceCounter;

  /** @param first Number of the first record; always 0 outside tests. */
  constructor(key: CryptoKey, first = 0) {
    this.#key = key;
    this.#counter = new NonceCounter(first);
  }

  /**
   * Opens the next record. Several calls may run at once, in the order of the frames. After
   * a failure the connection is useless. The caller may reuse `frame` as soon as the call
   * has returned its promise.
   *
   * @throws {SpreadError} `RECORD_REFUSED` when the record is not the one that was sealed next.
   */
  async open(frame: Bytes): Promise<PlainRecord> {
    const iv = this.#counter.take();
    // Read before the first await: after it the frame may hold other bytes.
    const type = frame[0] ?? 0;
    try {
      if (frame.length < RECORD_OVERHEAD_BYTES) {
        throw new TypeError("Record is too short");
      }
      const body = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv, additionalData: Uint8Array.of(type) },
        this.#key,
        frame.subarray(1),
      );
      return { type, body: new Uint8Array(body) };
    } catch (cause) {
      throw new SpreadError(
        "RECORD_REFUSED",
        "Cannot decrypt what arrived: it was changed, repeated or cut on the way",
        "Try again; if it happens again, someone between the two machines may be interfering",
        { cause },
      );
    }
  }
}
