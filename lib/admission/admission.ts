/**
 * Admission: limits on open connections, applied before anything is read from one.
 *
 * Connections are counted in total and by network key. When there are too many, the oldest
 * one that has not proved anything is evicted to make space for the new one, so that opening
 * connections and staying silent keeps nobody else out. See docs/protocol.md, section 7.3.
 *
 * @module
 */

/** Most connections open at the same time, in total and for one key; confirmed ones count. */
export interface AdmissionLimits {
  total: number;
  perKey: number;
}

/** Limits for the receivers of a share. */
export const SHARE_LIMITS: AdmissionLimits = { total: 1024, perKey: 256 };

/** Limits for the connections of a share's owner, all of them from this machine. */
export const OWNER_LIMITS: AdmissionLimits = { total: 16, perKey: 16 };

/** The place of one connection; disposing of it frees the place, and may be done twice. */
export interface Place extends Disposable {
  /** Notes that the peer has proved itself: its connection is no longer evicted for others. */
  confirm(): void;
}

/** One connection that holds a place. */
interface Connection {
  /** Position in the order of arrival. */
  number: number;
  evict: () => void;
}

/** The connections of one key. */
interface KeyConnections {
  count: number;
  /** Those that have proved nothing yet, oldest first. */
  unconfirmed: Set<Connection>;
}

/** Counts connections and decides which may stay. */
export class Admission {
  #limits: AdmissionLimits;
  readonly #byKey = new Map<string, KeyConnections>();
  #total = 0;
  #arrivals = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Limits that hold now. */
  get limits(): AdmissionLimits {
    return this.#limits;
  }

  /** Connections that hold a place. */
  get total(): number {
    return this.#total;
  }

  /**
   * Gives a new connection a place, evicting an older one if need be.
   *
   * @param key Key of `networkKey()`.
   * @param evict Closes the connection, when another one gets its place. A connection without
   *   it is never evicted: it counts as confirmed from the start.
   * @returns `null` when all others are confirmed; the caller closes the connection.
   */
  enter(key: string, evict?: () => void): Place | null {
    if (!this.#makeSpace(key)) return null;
    const connection = { number: this.#arrivals++, evict: () => {} };
    const group = this.#byKey.get(key) ??
      { count: 0, unconfirmed: new Set() };
    this.#byKey.set(key, group);
    group.count++;
    this.#total++;
    let isHeld = true;
    if (evict !== undefined) {
      group.unconfirmed.add(connection);
      connection.evict = () => {
        isHeld = false;
        evict();
      };
    }
    return {
      confirm: () => void group.unconfirmed.delete(connection),
      [Symbol.dispose]: () => {
        if (isHeld) this.#remove(key, group, connection);
        isHeld = false;
      },
    };
  }

  /**
   * Changes the total limit. Evicts unconfirmed connections until it holds or only confirmed ones
   * are left.
   */
  limit(total: number): void {
    this.#limits = { ...this.#limits, total };
    while (this.#total > total && this.#evictFullest());
  }

  /** Makes space for one more from `key`, by an eviction if need be; `false` when it cannot. */
  #makeSpace(key: string): boolean {
    const same = this.#byKey.get(key);
    if (same !== undefined && same.count >= this.#limits.perKey) {
      return this.#evictOldest(key, same);
    }
    return this.#total < this.#limits.total || this.#evictFullest();
  }

  #evictFullest(): boolean {
    const [key, group] = this.#fullest() ?? [];
    return group !== undefined && this.#evictOldest(key!, group);
  }

  /** The key with most unconfirmed connections; of several, the one that has the oldest. */
  #fullest(): [key: string, group: KeyConnections] | null {
    let found: [string, KeyConnections] | null = null;
    let mostUnconfirmed = 0;
    let oldest = Infinity;
    for (const [key, group] of this.#byKey) {
      const { size } = group.unconfirmed;
      if (size === 0 || size < mostUnconfirmed) continue;
      const { number } = first(group.unconfirmed)!;
      if (size === mostUnconfirmed && number > oldest) continue;
      [found, mostUnconfirmed, oldest] = [[key, group], size, number];
    }
    return found;
  }

  #evictOldest(key: string, group: KeyConnections): boolean {
    const connection = first(group.unconfirmed);
    if (connection === undefined) return false;
    this.#remove(key, group, connection);
    connection.evict();
    return true;
  }

  #remove(key: string, group: KeyConnections, connection: Connection): void {
    group.unconfirmed.delete(connection);
    group.count--;
    this.#total--;
    if (group.count === 0) this.#byKey.delete(key);
  }
}

function first<T>(set: Set<T>): T | undefined {
  return set.values().next().value;
}
