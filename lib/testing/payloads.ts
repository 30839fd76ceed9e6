/**
 * Payloads in memory, to send and to receive.
 *
 * @module
 */

import { type Bytes, concatBytes } from "../bytes.ts";
import { RECORDS_IN_FLIGHT } from "../protocol/secure_channel.ts";
import type { Offer } from "../protocol/transfer/offer.ts";
import type { PayloadSink } from "../protocol/transfer/receive.ts";
import type { PayloadSource } from "../protocol/transfer/send.ts";

/** Varied bytes for payloads; the same for the same size. */
export function payloadOf(size: number): Bytes {
  const bytes = new Uint8Array(size);
  for (let i = 0, x = size | 1; i < size; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = x >>> 16;
  }
  return bytes;
}

/** The offer of a payload. */
export async function offerOf(payload: Bytes): Promise<Offer> {
  const digest = await crypto.subtle.digest("SHA-256", payload);
  return {
    kind: "distillation",
    name: "notes.md",
    size: payload.length,
    sha256: new Uint8Array(digest).toHex(),
    created: "2026-01-02T03:04:05.000Z",
  };
}

/** A source in memory that counts its readers. */
export class MemorySource implements PayloadSource {
  /** Reads in progress, and the most there ever were. */
  active = 0;
  mostActive = 0;
  /** Reads that have ended, one way or another. */
  closed = 0;

  constructor(
    readonly payload: Bytes,
    readonly options: {
      pieceBytes?: number;
      /** Number of bytes after which to fail; the size of the payload means after its last piece. */
      failAt?: number;
      failure?: Error;
      /** Called before the piece at this position; may wait. */
      before?: (position: number) => Promise<void> | void;
    } = {},
  ) {}

  async *read(offset: number): AsyncGenerator<Bytes> {
    this.active++;
    this.mostActive = Math.max(this.mostActive, this.active);
    try {
      yield* this.#pieces(offset);
    } finally {
      this.active--;
      this.closed++;
    }
  }

  /** Reads as from a file: into a few buffers in turn, each as short-lived as the contract allows. */
  async *#pieces(offset: number): AsyncGenerator<Bytes> {
    const { pieceBytes = 64 * 1024, failAt = Infinity, failure, before } =
      this.options;
    const ring = Array.from(
      { length: RECORDS_IN_FLIGHT },
      () => new Uint8Array(Math.min(pieceBytes, this.payload.length)),
    );
    for (let at = offset; at < this.payload.length;) {
      await before?.(at);
      if (at >= failAt) throw failure;
      const buffer = ring.shift()!;
      ring.push(buffer);
      const piece = this.payload.subarray(at, at + pieceBytes);
      buffer.set(piece);
      at += piece.length;
      yield buffer.subarray(0, piece.length);
    }
    if (failAt <= this.payload.length) throw failure;
  }
}

/** A sink in memory, which may hold bytes of an earlier transfer. */
export class MemorySink implements PayloadSink {
  /** Bytes stored, those of an earlier transfer included. */
  stored: number;
  finished = 0;
  readonly #pieces: Bytes[] = [];

  constructor(
    readonly earlier: Bytes = new Uint8Array(0),
    readonly options: {
      /** Called before the piece at this position is stored; may wait or throw. */
      before?: (position: number) => Promise<void> | void;
      beforeFinish?: () => Promise<void> | void;
    } = {},
  ) {
    this.stored = earlier.length;
    this.#pieces.push(earlier);
  }

  get offset(): number {
    return this.earlier.length;
  }

  get bytes(): Bytes {
    return concatBytes(...this.#pieces);
  }

  async write(piece: Bytes): Promise<void> {
    await this.options.before?.(this.stored);
    this.#pieces.push(piece.slice());
    this.stored += piece.length;
  }

  async finish(): Promise<void> {
    await this.options.beforeFinish?.();
    this.finished++;
  }
}
