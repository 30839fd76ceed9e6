/**
 * Memory that the relay holds for its clients: messages that wait to be sent, and those that are
 * coming in. It has a bound in total, which the clients share.
 *
 * The more is held, the earlier reading stops, for everyone alike, so that many slow receivers do
 * not reach the bound. Who holds most is ended when somebody reaches it all the same.
 *
 * @module
 */

/** Bytes that may wait for one client before its peer is no longer read, when all is well. */
export const HIGH_WATER_BYTES = 1024 * 1024;

/** Counts the bytes that are held. */
export class Memory {
  #heldBytes = 0;

  constructor(private readonly mostBytes: number) {}

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Notes that `bytes` more are held, or fewer, when negative. */
  change(bytes: number): void {
    this.#heldBytes += bytes;
  }

  /** Whether more is held than may be. */
  get isOver(): boolean {
    return this.#heldBytes > this.mostBytes;
  }

  /**
   * Bytes that may wait for one client before its peer is no longer read: all of
   * {@linkcode HIGH_WATER_BYTES} while half of the memory is free, none when all is held.
   */
  get highWaterBytes(): number {
    const free = 1 - this.#heldBytes / this.mostBytes;
    return HIGH_WATER_BYTES * Math.max(0, Math.min(1, 2 * free));
  }
}
