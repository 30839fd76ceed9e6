/**
 * Admission: limits on connections and rooms, in total and per address, and on the rate of
 * requests from one address.
 *
 * @module
 */

import type { RelayConfig } from "../config.ts";
import { RateLimit } from "./rate_limits.ts";

/** The limits of one process; addresses are keys of `networkKey()`. */
export class Admission {
  readonly connections: Tally;
  readonly rooms: Tally;
  readonly #creates: RateLimit;
  readonly #joins: RateLimit;
  readonly #wrongCodes: RateLimit;

  /** @param now Milliseconds that never go back. */
  constructor(config: RelayConfig, now: () => number) {
    this.connections = new Tally(
      config.maxConnections,
      config.maxConnectionsPerAddress,
    );
    this.rooms = new Tally(config.maxRooms, config.maxRoomsPerAddress);
    this.#creates = new RateLimit(config.createsPerMinute, now);
    this.#joins = new RateLimit(config.joinsPerMinute, now);
    this.#wrongCodes = new RateLimit(config.wrongCodesPerMinute, now);
  }

  /** Whether the address may ask for another room; counts the request. */
  mayCreate(address: string): boolean {
    return this.#creates.take(address);
  }

  /** Whether the address may name another room; counts the request. */
  mayJoin(address: string): boolean {
    return this.#joins.take(address) && this.#wrongCodes.has(address);
  }

  /** Counts a room code that does not exist. */
  countWrongCode(address: string): void {
    this.#wrongCodes.take(address);
  }
}

/** Counts something in total and per address; forgets an address whose count is zero. */
export class Tally {
  #total = 0;
  readonly #byAddress = new Map<string, number>();

  constructor(
    private readonly max: number,
    private readonly maxPerAddress: number,
  ) {}

  /** Whether the total or the address has reached its limit. */
  isFull(address: string): boolean {
    return this.#total >= this.max || this.#of(address) >= this.maxPerAddress;
  }

  add(address: string): void {
    this.#total++;
    this.#byAddress.set(address, this.#of(address) + 1);
  }

  remove(address: string): void {
    this.#total--;
    const left = this.#of(address) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }

  #of(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }
}
