/**
 * Claims: which instance has a room, kept in Deno KV.
 *
 * The entry of a room names its instance and the claim by which that instance got the room. Each
 * claim has its own id, so that an operation begun for an earlier claim, such as its release, never
 * affects a later one, however slow the database is. `relay/model/room.pml` checks every order in
 * which such operations can overlap. The keys of a room's topics come and go with its entry, in the
 * same commits.
 *
 * @module
 */

import type { NamedRoom } from "../rooms/room_codes.ts";
import { keys, parseRoom, type RoomRow } from "./schema.ts";
import type { Change, Store } from "./store.ts";

/** Environment of the claims of one instance. */
export interface ClaimsOptions {
  store: Store;
  /** Id of this instance. */
  owner: string;
  makeId(): string;
}

/** A claim of ours, and the topics of its room. */
interface Claim {
  id: string;
  topics: readonly string[];
}

/** The claims of one instance. */
export class Claims {
  readonly #options: ClaimsOptions;
  /** Our claims, by room code. */
  readonly #ours = new Map<string, Claim>();
  /** The latest takeover under way, by room code. */
  readonly #takeOvers = new Map<string, Promise<boolean>>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** Claims the code of a new room; `false` when another room has it. Rejects when KV fails. */
  async claim(room: NamedRoom, ttlMs: number): Promise<boolean> {
    const { store, makeId } = this.#options;
    const { code, topics } = room;
    const id = makeId();
    const sets = this.#sets(id, room, ttlMs);
    const checks = [{ key: keys.room(code), version: null }];
    if (!await store.commit({ checks, sets })) return false;
    this.#ours.set(code, { id, topics });
    return true;
  }

  /**
   * Claims a room, whichever instance has it, and asks that instance to evict the room. The request
   * is kept as long as the room, so that an instance which cannot read for a while still gets it.
   *
   * @param ttlMs Remaining lifetime of the room.
   * @returns `false` when the code belongs to a room of another birth by now. Rejects when KV fails.
   */
  async takeOver(room: NamedRoom, ttlMs: number): Promise<boolean> {
    const { code } = room;
    // One after the other, so that the last one to be answered is the claim in KV.
    const before = this.#takeOvers.get(code)?.catch(() => false);
    const taking = Promise.resolve(before)
      .then(() => this.#takeOver(room, ttlMs));
    this.#takeOvers.set(code, taking);
    try {
      return await taking;
    } finally {
      if (this.#takeOvers.get(code) === taking) this.#takeOvers.delete(code);
    }
  }

  async #takeOver(room: NamedRoom, ttlMs: number): Promise<boolean> {
    const { store, owner, makeId } = this.#options;
    const { code, birth, topics } = room;
    const [key, id] = [keys.room(code), makeId()];
    for (;;) {
      const [entry] = await store.read([key]);
      const former = parseRoom(entry!.value);
      if (former !== null && former.birth !== birth) return false;
      const sets = this.#sets(id, room, ttlMs);
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
    this.#ours.set(code, { id, topics });
    return true;
  }

  /** Removes our claim from KV, unless the room has a later one by now. Rejects when KV fails. */
  async release(code: string): Promise<void> {
    const { store } = this.#options;
    const claim = this.#ours.get(code);
    if (claim === undefined) return;
    this.#ours.delete(code);
    const { id, topics } = claim;
    const key = keys.room(code);
    const [entry] = await store.read([key]);
    if (parseRoom(entry!.value)?.claim !== id) return;
    const checks = [{ key, version: entry!.version }];
    const deletes = [key, ...topics.map((topic) => keys.topic(topic, code))];
    await store.commit({ checks, sets: marks(topics), deletes });
  }

  /**
   * Notes that another instance has taken over the room from one of our claims.
   *
   * @param id Id of that claim.
   * @returns Whether it is our current claim, so that our room has to end.
   */
  async lose(code: string, id: string): Promise<boolean> {
    // A takeover of ours may have succeeded without being answered yet.
    await this.#takeOvers.get(code)?.catch(() => false);
    if (this.#ours.get(code)?.id !== id) return false;
    this.#ours.delete(code);
    return true;
  }

  /** Returns the instance that has a room; `null` when it is this one, or none. */
  async find(code: string): Promise<string | null> {
    const [entry] = await this.#options.store.read([keys.room(code)]);
    const owner = parseRoom(entry!.value)?.owner ?? null;
    return owner === this.#options.owner ? null : owner;
  }

  /** The entries of a room that we claim. */
  #sets(
    claim: string,
    { code, birth, topics }: NamedRoom,
    ttlMs: number,
  ): Required<Change>["sets"] {
    const { owner } = this.#options;
    const row: RoomRow = { owner, birth, claim };
    return [
      { key: keys.room(code), value: row, ttlMs },
      ...topics.map((topic) => {
        return { key: keys.topic(topic, code), value: true, ttlMs };
      }),
      ...marks(topics),
    ];
  }
}

/** The mark of a change of topics, if there are any. */
function marks(topics: readonly string[]) {
  return topics.length > 0 ? [{ key: keys.topicsMark, value: true }] : [];
}
