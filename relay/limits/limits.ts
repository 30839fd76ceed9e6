/**
 * Limits on open rooms, in total and per address, and on the rate of requests from one address.
 * The limits on connections are in `server/connection_limits.ts`.
 *
 * @module
 */

import { Admission } from "../../lib/admission/admission.ts";
import type { RelayConfig } from "../config.ts";
import { RateLimit } from "./rate_limits.ts";

/** The limits of one process; addresses are keys of `networkKey()`. */
export class Limits {
  /** Places of rooms that are open or being opened. */
  readonly rooms: Admission;
  readonly #creates: RateLimit;
  readonly #joins: RateLimit;
  readonly #wrongCodes: RateLimit;

  /** @param now Milliseconds that never go back. */
  constructor(config: RelayConfig, now: () => number) {
    this.rooms = new Admission({
      total: config.maxRooms,
      perKey: config.maxRoomsPerAddress,
    });
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
