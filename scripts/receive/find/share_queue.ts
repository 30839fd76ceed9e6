/**
 * Orders the shares announced on the local network: which one is tried next. See
 * docs/protocol.md, section 7.2.
 *
 * Pure. Anyone on the network can announce as many shares as they like, under any name. So a
 * share whose addresses were tried less comes first, and the last of the places is kept for a
 * share at addresses where none is being tried: one machine alone cannot keep another one's
 * share waiting.
 *
 * @module
 */

import type { Candidate } from "../../../lib/discovery/mdns.ts";

/** Most shares remembered at once; the oldest that is not being tried gives way to a new one. */
export const MAX_REMEMBERED = 64;

/** Time to wait for another share once all of them have been tried, in milliseconds. */
export const ANOTHER_MS = 1_500;

/** An announced share, and the outcome of its attempts so far. */
export interface HeardShare {
  candidate: Candidate;
  /** Addresses that were tried, as `address port`. */
  tried: Set<string>;
  /** Whether the sender's answer shows that it is not the right one; set by the caller. */
  isOther: boolean;
}

/** The shares that wait to be tried, and those that are being tried. */
export class ShareQueue {
  readonly #heard = new Map<string, HeardShare>();
  readonly #waiting = new Set<HeardShare>();
  readonly #running = new Set<HeardShare>();
  /** Number of attempts so far, by address. */
  readonly #attempts = new Map<string, number>();

  /** Whether no share is being tried and none is waiting. */
  get isIdle(): boolean {
    return this.#running.size + this.#waiting.size === 0;
  }

  /** Adds or updates a share; it waits if it has an address that was not tried. */
  hear(candidate: Candidate): void {
    const { instance } = candidate;
    let share = this.#heard.get(instance);
    if (share === undefined) {
      this.#makeSpace();
      share = { candidate, tried: new Set(), isOther: false };
      this.#heard.set(instance, share);
    }
    share.candidate = candidate;
    this.#enqueue(share);
  }

  /**
   * Takes the next share to try.
   *
   * @param atOnce Most shares that are tried at the same time.
   * @returns `null` while none waits, or none of those waiting may be tried yet.
   */
  take(atOnce: number): HeardShare | null {
    if (this.#running.size >= atOnce) return null;
    const isLastPlace = this.#running.size === atOnce - 1;
    const [share] = [...this.#waiting]
      .filter((one) =>
        this.#isNext(one) && (!isLastPlace || this.#isApart(one))
      )
      .sort((a, b) => this.#attemptsAt(a) - this.#attemptsAt(b));
    if (share === undefined) return null;
    this.#waiting.delete(share);
    this.#running.add(share);
    const { addresses, port } = share.candidate;
    for (const address of addresses) {
      share.tried.add(`${address} ${port}`);
      this.#attempts.set(address, (this.#attempts.get(address) ?? 0) + 1);
    }
    return share;
  }

  /** Ends an attempt; the share waits again if further addresses have come meanwhile. */
  finish(share: HeardShare): void {
    this.#running.delete(share);
    this.#enqueue(share);
  }

  #enqueue(share: HeardShare): void {
    const { addresses, port } = share.candidate;
    const isTried = addresses.every((one) => share.tried.has(`${one} ${port}`));
    if (share.isOther || isTried || this.#running.has(share)) return;
    this.#waiting.add(share);
  }

  /**
   * Whether it may be a share's turn: a sender of protocol 1 proves nothing before it is taken,
   * so it is tried after all others, and alone.
   */
  #isNext({ candidate: { protocol } }: HeardShare): boolean {
    if (protocol === 2) return true;
    return this.#running.size === 0 &&
      [...this.#waiting].every(({ candidate }) => candidate.protocol === 1);
  }

  /** Whether no share at an address of this one is being tried. */
  #isApart({ candidate: { addresses } }: HeardShare): boolean {
    return [...this.#running].every(({ candidate }) =>
      candidate.addresses.every((one) => !addresses.includes(one))
    );
  }

  #attemptsAt({ candidate: { addresses } }: HeardShare): number {
    return Math.max(...addresses.map((one) => this.#attempts.get(one) ?? 0));
  }

  #makeSpace(): void {
    if (this.#heard.size < MAX_REMEMBERED) return;
    const shares = [...this.#heard.values()]
      .filter((share) => !this.#running.has(share));
    const oldest = shares.find((share) => !this.#waiting.has(share)) ??
      shares[0]!;
    this.#heard.delete(oldest.candidate.instance);
    this.#waiting.delete(oldest);
  }
}
