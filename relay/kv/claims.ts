/**
 * Claims: which instance has a room, kept in Deno KV.
 *
 * The entry of a room names its instance and the claim by which that instance got it. Each claim
 * has an id of its own, so that what was begun for an earlier claim, such as giving it back, never
 * touches a later one, however slow the database is. `relay/model/room.pml` searches the orders in
 * which that matters.
 *
 * @module
 */

import type { Birth } from "../rooms/room_codes.ts";
import { keys, parseRoom, type RoomRow } from "./schema.ts";
import type { Change, Store } from "./store.ts";

/** Environment of the claims of one instance. */
export interface ClaimsOptions {
  store: Store;
  /** Id of this instance. */
  owner: string;
  makeId(): string;
}

/** The claims of one instance. */
export class Claims {
  readonly #options: ClaimsOptions;
  /** Ids of our claims, by room code. */
  readonly #ours = new Map<string, string>();
  /** The last takeover of each room that has not ended. */
  readonly #takeOvers = new Map<string, Promise<boolean>>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** Claims the code of a new room; `false` when it is taken. */
  async claim(code: string, birth: Birth, ttlMs: number): Promise<boolean> {
    const { store, makeId } = this.#options;
    const [key, id] = [keys.room(code), makeId()];
    const sets = [{ key, value: this.#row(id, birth), ttlMs }];
    const checks = [{ key, version: null }];
    if (!await store.commit({ checks, sets })) return false;
    this.#ours.set(code, id);
    return true;
  }

  /**
   * Claims a room, whoever has it, and asks the instance that had it to evict it. The request
   * lives as long as the room, so that an instance which cannot read for a while still gets it.
   *
   * @returns `false` when the code belongs to a room of another birth by now.
   */
  async takeOver(code: string, birth: Birth, ttlMs: number): Promise<boolean> {
    // One after the other: the last one answered is the one that holds.
    const before = this.#takeOvers.get(code)?.catch(() => false);
    const taking = Promise.resolve(before)
      .then(() => this.#takeOver(code, birth, ttlMs));
    this.#takeOvers.set(code, taking);
    try {
      return await taking;
    } finally {
      if (this.#takeOvers.get(code) === taking) this.#takeOvers.delete(code);
    }
  }

  async #takeOver(
    code: string,
    birth: Birth,
    ttlMs: number,
  ): Promise<boolean> {
    const { store, owner, makeId } = this.#options;
    const [key, id] = [keys.room(code), makeId()];
    for (;;) {
      const [entry] = await store.read([key]);
      const former = parseRoom(entry!.value);
      if (former !== null && former.birth !== birth) return false;
      const sets: Change["sets"] = [{
        key,
        value: this.#row(id, birth),
        ttlMs,
      }];
      if (former !== null && former.owner !== owner) {
        const request = { kind: "evict", code, claim: former.claim };
        sets.push(
          { key: keys.request(former.owner, makeId()), value: request, ttlMs },
          { key: keys.bell(former.owner), value: true, ttlMs },
        );
      }
      const checks = [{ key, version: entry!.version }];
      if (await store.commit({ checks, sets })) break;
    }
    this.#ours.set(code, id);
    return true;
  }

  /** Gives our claim back, unless the room has a new one by now. */
  async release(code: string): Promise<void> {
    const { store } = this.#options;
    const id = this.#ours.get(code);
    if (id === undefined) return;
    this.#ours.delete(code);
    const key = keys.room(code);
    const [entry] = await store.read([key]);
    if (parseRoom(entry!.value)?.claim !== id) return;
    const checks = [{ key, version: entry!.version }];
    await store.commit({ checks, deletes: [key] });
  }

  /**
   * Notes that another instance has taken a claim over.
   *
   * @returns Whether our room goes by that claim, so that it has to end.
   */
  async lose(code: string, id: string): Promise<boolean> {
    // The answer to the claim itself may still be on its way.
    await this.#takeOvers.get(code)?.catch(() => false);
    if (this.#ours.get(code) !== id) return false;
    this.#ours.delete(code);
    return true;
  }

  /** Returns the instance that has a room; `null` when it is this one, or none. */
  async find(code: string): Promise<string | null> {
    const [entry] = await this.#options.store.read([keys.room(code)]);
    const owner = parseRoom(entry!.value)?.owner ?? null;
    return owner === this.#options.owner ? null : owner;
  }

  #row(claim: string, birth: Birth): RoomRow {
    return { owner: this.#options.owner, birth, claim };
  }
}
