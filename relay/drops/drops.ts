/**
 * Drops: who may leave, look at, take and delete them, and when they end.
 *
 * Rules only: a {@linkcode DropStore} keeps the drops, `server/requests/drop_front.ts` speaks HTTP. See
 * RELAY_SERVER_SPEC.md, section 17.
 *
 * @module
 */

import { networkKey } from "../../lib/admission/network_key.ts";
import type { DropsConfig } from "../config.ts";
import { RateLimit } from "../limits/rate_limits.ts";
import { DropEndings } from "./drop_endings.ts";
import { DropJournal, type JournalOptions } from "./drop_journal.ts";
import { Refusal } from "../limits/refusal.ts";
import { type DropRow, isComplete, partSize } from "./drop_row.ts";
import {
  type DropOffer,
  dropOffer,
  type DropState,
  dropState,
} from "./drop_state.ts";
import type { DropStore, DropTotals, StoredDrop } from "./drop_store.ts";
import { hashToken, isToken, ownerOf } from "./drop_tokens.ts";

/** Time that one taking keeps others out after its last request, in milliseconds. */
const LEASE_MS = 60_000;

/** Attempts at a change of a drop that other requests change too. */
const MAX_ATTEMPTS = 5;

/** A text as long as a hash, which is the hash of no token. */
const NO_HASH = "-".repeat(64);

/** Surroundings of the drops. */
export interface DropsOptions extends JournalOptions {
  config: DropsConfig;
  store: DropStore;
  /** Milliseconds since 1970. */
  wallClock(): number;
}

/** A part that a sender leaves. */
export interface IncomingPart {
  id: string;
  part: number;
  deleteToken: string;
  /** Address of the sender. */
  address: string;
  body: Uint8Array;
  /** Description of the drop, with part 0. */
  drop?: { takeToken: string; bytes: number; ttlMs?: number };
}

/** The drops of a relay. */
export class Drops implements AsyncDisposable {
  readonly #options: DropsOptions;
  readonly #creates: RateLimit;
  readonly #requests: RateLimit;
  readonly #journal: DropJournal;
  readonly #endings: DropEndings;

  constructor(options: DropsOptions) {
    this.#options = options;
    const { config, now } = options;
    this.#journal = new DropJournal(options);
    this.#endings = new DropEndings({ ...options, journal: this.#journal });
    this.#creates = new RateLimit(config.createsPerMinute, now);
    this.#requests = new RateLimit(config.requestsPerMinute, now);
  }

  get totals(): DropTotals {
    return this.#options.store.totals;
  }

  /** Limits that a client should know. */
  get offer(): DropOffer {
    return dropOffer(this.#options.config);
  }

  /** Whether the network, from `networkKey()`, may ask again; counts it. */
  mayAsk(key: string): boolean {
    return this.#requests.take(key);
  }

  /**
   * Stores a part, and makes the drop with part 0.
   *
   * @returns `isNew`: whether this request has stored it.
   */
  leave(leaving: IncomingPart): Promise<{ isNew: boolean; state: DropState }> {
    const { id, part, deleteToken, body } = leaving;
    let isMade = false;
    return this.#attempt(async () => {
      const found = await this.#endings.find(id);
      if (found === null) {
        // Its sender has taken back what this request has made.
        if (isMade) throw new Refusal("drop_not_found");
        isMade = await this.#make(leaving);
        return;
      }
      const { row } = found;
      if (!isToken(row.deleteHash, deleteToken)) {
        throw new Refusal(part === 0 ? "drop_exists" : "drop_not_found");
      }
      if (row.takenMs !== null) throw new Refusal("drop_taken");
      if (part < row.next) return { isNew: false, state: this.#stateOf(row) };
      if (part > row.next || isComplete(row)) {
        throw new Refusal("part_out_of_order", { next: row.next });
      }
      checkSize(row, part, body);
      const changedMs = this.#options.wallClock();
      const grown = { ...row, next: part + 1, changedMs };
      const appended = await this.#options.store.append(found, grown, body);
      if (appended === "full") throw new Refusal("store_full");
      if (appended === "changed") return;
      if (isComplete(grown)) this.#journal.left(grown, leaving.address);
      return { isNew: true, state: this.#stateOf(grown) };
    });
  }

  /** Returns the state of a drop to its sender or receiver. */
  look(
    id: string,
    kind: "deleteHash" | "takeHash",
    token: string,
  ): Promise<DropState> {
    return this.#attempt(async () => {
      return this.#stateOf((await this.#findFor(id, kind, token)).row);
    });
  }

  /** Returns those of these ids whose drops can be taken. */
  waiting(ids: readonly string[]): Promise<string[]> {
    const { store, wallClock } = this.#options;
    return this.#attempt(() => store.waiting(ids, wallClock()));
  }

  /** Returns a part to a receiver, whose taking gets or keeps the lease. */
  take(
    id: string,
    part: number,
    { takeToken, taking }: { takeToken: string; taking: string },
  ): Promise<Uint8Array> {
    const { store } = this.#options;
    return this.#attempt(async () => {
      const found = await this.#findFor(id, "takeHash", takeToken);
      const { row } = found;
      if (row.takenMs !== null) throw new Refusal("drop_taken");
      this.#checkLease(row, taking);
      if (partSize(row, part) <= 0) throw new Refusal("bad_request");
      const nowMs = this.#options.wallClock();
      // A renewal for each part would be a commit for each.
      if (row.taking !== taking || row.leaseMs < nowMs + LEASE_MS / 2) {
        const leased = { ...row, taking, leaseMs: nowMs + LEASE_MS };
        if (!await store.replace(found, leased)) return;
      }
      return await store.readPart(row, part) ?? undefined;
    });
  }

  /** Takes the receipt of a receiver: deletes the parts, and remembers that the drop was taken. */
  acknowledge(
    id: string,
    { takeToken, taking }: { takeToken: string; taking: string },
  ): Promise<DropState> {
    return this.#attempt(async () => {
      const found = await this.#findFor(id, "takeHash", takeToken);
      const { row } = found;
      if (row.takenMs !== null) return this.#stateOf(row);
      this.#checkLease(row, taking);
      const taken = { ...row, takenMs: this.#options.wallClock() };
      if (!await this.#endings.end(found, "taken", taken)) return;
      return this.#stateOf(taken);
    });
  }

  /** Deletes a drop for its sender. */
  withdraw(id: string, deleteToken: string): Promise<DropState> {
    return this.#attempt(async () => {
      const found = await this.#findFor(id, "deleteHash", deleteToken);
      if (found.row.takenMs !== null) throw new Refusal("drop_taken");
      if (!await this.#endings.end(found, "deleted", null)) return;
      return { ...this.#stateOf(found.row), state: "deleted" };
    });
  }

  /** Deletes drops that have expired or are abandoned. Never rejects; the next sweep goes on. */
  sweep(): Promise<void> {
    return this.#endings.sweep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.store[Symbol.asyncDispose]();
  }

  /** Makes a drop, whose first part the next attempt stores; `false` when the id is in use. */
  async #make(
    { id, part, deleteToken, address, body, drop }: IncomingPart,
  ): Promise<boolean> {
    if (part !== 0) throw new Refusal("drop_not_found");
    if (drop === undefined) throw new Refusal("bad_request");
    const { config, secret, store, wallClock } = this.#options;
    const { maxDropBytes, maxTtlMs } = config;
    const { bytes, ttlMs = this.offer.default_ttl_s * 1000 } = drop;
    if (bytes > maxDropBytes) {
      throw new Refusal("drop_too_large", { max_bytes: maxDropBytes });
    }
    if (ttlMs > maxTtlMs) throw new Refusal("bad_request");
    checkSize(drop, 0, body);
    const key = networkKey(address);
    if (!this.#creates.take(key)) throw new Refusal("too_many_drops");
    const nowMs = wallClock();
    const made = await store.make({
      id,
      owner: ownerOf(secret, key),
      takeHash: hashToken(drop.takeToken),
      deleteHash: hashToken(deleteToken),
      bytes,
      next: 0,
      changedMs: nowMs,
      expiresMs: nowMs + ttlMs,
      taking: null,
      leaseMs: 0,
      takenMs: null,
    });
    if (made === "too_many") throw new Refusal("too_many_drops");
    if (made === "full") throw new Refusal("store_full");
    return made === "made";
  }

  async #findFor(
    id: string,
    kind: "deleteHash" | "takeHash",
    token: string,
  ): Promise<StoredDrop> {
    const found = await this.#endings.find(id);
    // The token is always compared with something, so that an unknown id takes the same time.
    const isRight = isToken(found?.row[kind] ?? NO_HASH, token);
    if (found === null || !isRight) throw new Refusal("drop_not_found");
    return found;
  }

  #checkLease(row: DropRow, taking: string): void {
    if (!isComplete(row)) throw new Refusal("drop_incomplete");
    const leftMs = row.leaseMs - this.#options.wallClock();
    if (row.taking === taking || leftMs <= 0) return;
    const retry_s = Math.ceil(leftMs / 1000);
    throw new Refusal("being_taken", { retry_s });
  }

  #stateOf(row: DropRow): DropState {
    return dropState(row, this.#options.wallClock());
  }

  /** Repeats `act` until it returns something, because other requests change drops too. */
  async #attempt<T>(act: () => Promise<T | undefined>): Promise<T> {
    try {
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const answer = await act();
        if (answer !== undefined) return answer;
      }
    } catch (error) {
      throw this.#journal.refusalOf(error);
    }
    throw new Refusal("changed");
  }
}

function checkSize(
  drop: { bytes: number },
  part: number,
  body: Uint8Array,
): void {
  const expected = partSize(drop, part);
  if (body.length !== expected) {
    throw new Refusal("part_size", { expected });
  }
}
