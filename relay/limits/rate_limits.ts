/**
 * Rate limits: how often one address may do something per minute.
 *
 * Token buckets: each address may use up its minute at once, and its allowance refills
 * continuously. Memory is bounded: an address with a full bucket is forgotten, and when there are
 * too many addresses, the rest share one bucket.
 *
 * @module
 */

import { networkKey } from "../../lib/admission/network_key.ts";

/** Addresses that one limit distinguishes. */
export const MAX_ADDRESSES = 100_000;

/** Time between two sweeps of full buckets, in milliseconds. */
const SWEEP_MS = 60_000;

const MINUTE_MS = 60_000;

/** Key that all addresses beyond {@linkcode MAX_ADDRESSES} share. */
const OTHERS = "";

interface Bucket {
  used: number;
  atMs: number;
}

/** One limit for every address. */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>();
  #sweptMs = -Infinity;

  /**
   * @param perMinute Allowance of one address per minute.
   * @param now Milliseconds that never go back.
   */
  constructor(
    private readonly perMinute: number,
    private readonly now: () => number,
  ) {}

  /** Takes one token; `false` when the address has none left. */
  take(address: string): boolean {
    const bucket = this.#bucket(address);
    if (bucket.used + 1 > this.perMinute) return false;
    bucket.used++;
    return true;
  }

  /** Whether the address has a token left, without taking it. */
  has(address: string): boolean {
    const bucket = this.#buckets.get(this.#keyOf(address));
    return bucket === undefined || this.#left(bucket) >= 1;
  }

  #bucket(address: string): Bucket {
    this.#sweep();
    const key = this.#keyOf(address);
    const bucket = this.#buckets.get(key) ?? { used: 0, atMs: this.now() };
    bucket.used = this.perMinute - this.#left(bucket);
    bucket.atMs = this.now();
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #keyOf(address: string): string {
    return this.#buckets.has(address) || this.#buckets.size < MAX_ADDRESSES
      ? address
      : OTHERS;
  }

  #left(bucket: Bucket): number {
    const passedMs = this.now() - bucket.atMs;
    const back = passedMs * this.perMinute / MINUTE_MS;
    return this.perMinute - Math.max(0, bucket.used - back);
  }

  #sweep(): void {
    if (this.now() - this.#sweptMs < SWEEP_MS) return;
    this.#sweptMs = this.now();
    for (const [address, bucket] of this.#buckets) {
      if (this.#left(bucket) === this.perMinute) this.#buckets.delete(address);
    }
  }
}

/** Shortens an address for logs: it shows roughly where a client is, but not who it is. */
export function blurAddress(address: string): string {
  const key = networkKey(address);
  return key.includes(":")
    ? `${key.split(":").slice(0, 3).join(":")}::/48`
    : key.replace(/\.\d+$/, ".0/24");
}
