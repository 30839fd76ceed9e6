/**
 * Memory that the relay holds for its clients: messages that wait to be sent, and parts of messages
 * that are arriving. All clients share one limit.
 *
 * The more is held, the earlier the relay stops reading, from every client alike, so that many slow
 * receivers do not reach the limit. If it is exceeded all the same, `rooms/bounds.ts` ends the
 * clients that hold the most.
 *
 * @module
 */

/** Bytes that may wait for one client before its peer is no longer read, while memory is plentiful. */
export const HIGH_WATER_BYTES = 1024 * 1024;

/** Counts the bytes held for all clients. */
export class MemoryLimit {
  #heldBytes = 0;

  /** @param maxBytes Limit on the bytes held for all clients. */
  constructor(private readonly maxBytes: number) {}

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Notes that `bytes` more are held; fewer when negative. */
  change(bytes: number): void {
    this.#heldBytes += bytes;
  }

  /** Whether more is held than the limit allows. */
  get isOver(): boolean {
    return this.#heldBytes > this.maxBytes;
  }

  /**
   * Bytes that may wait for one client before its peer is no longer read:
   * {@linkcode HIGH_WATER_BYTES} while at least half of the limit is free, then in proportion, down
   * to 0 at the limit.
   */
  get highWaterBytes(): number {
    const free = 1 - this.#heldBytes / this.maxBytes;
    return HIGH_WATER_BYTES * Math.max(0, Math.min(1, 2 * free));
  }
}
