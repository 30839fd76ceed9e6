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
interface Visit {
  /** Position in the order of arrival. */
  number: number;
  putOut: () => void;
}

/** The connections of one key. */
interface Visitors {
  count: number;
  /** Those that have proved nothing yet, oldest first. */
  unconfirmed: Set<Visit>;
}

/** Counts connections and decides which may stay. */
export class Admission {
  #limits: AdmissionLimits;
  readonly #byKey = new Map<string, Visitors>();
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
   * Gives a new connection a place, if need be that of an older one.
   *
   * @param key Key of `networkKey()`.
   * @param putOut Closes the connection, when another one gets its place. Without it nobody
   *   else ever does: it counts as confirmed from the start.
   * @returns `null` when everyone else has proved themselves; the caller closes the
   *   connection.
   */
  enter(key: string, putOut?: () => void): Place | null {
    if (!this.#makeSpace(key)) return null;
    const visit = { number: this.#arrivals++, putOut: () => {} };
    const visitors = this.#byKey.get(key) ??
      { count: 0, unconfirmed: new Set() };
    this.#byKey.set(key, visitors);
    visitors.count++;
    this.#total++;
    let isHeld = true;
    if (putOut !== undefined) {
      visitors.unconfirmed.add(visit);
      visit.putOut = () => {
        isHeld = false;
        putOut();
      };
    }
    return {
      confirm: () => void visitors.unconfirmed.delete(visit),
      [Symbol.dispose]: () => {
        if (isHeld) this.#leave(key, visitors, visit);
        isHeld = false;
      },
    };
  }

  /**
   * Allows `total` from now on. Puts those out who have proved nothing until so many are left, or
   * only those who have.
   */
  limit(total: number): void {
    this.#limits = { ...this.#limits, total };
    while (this.#total > total && this.#putOutFullest());
  }

  /** Whether there is space for one more from `key`, after putting somebody out if need be. */
  #makeSpace(key: string): boolean {
    const same = this.#byKey.get(key);
    if (same !== undefined && same.count >= this.#limits.perKey) {
      return this.#putOutOldest(key, same);
    }
    return this.#total < this.#limits.total || this.#putOutFullest();
  }

  #putOutFullest(): boolean {
    const [key, visitors] = this.#fullest() ?? [];
    return visitors !== undefined && this.#putOutOldest(key!, visitors);
  }

  /** The key with most unconfirmed connections; of several, the one that has the oldest. */
  #fullest(): [key: string, visitors: Visitors] | null {
    let found: [string, Visitors] | null = null;
    let mostUnconfirmed = 0;
    let oldest = Infinity;
    for (const [key, visitors] of this.#byKey) {
      const { size } = visitors.unconfirmed;
      if (size === 0 || size < mostUnconfirmed) continue;
      const { number } = first(visitors.unconfirmed)!;
      if (size === mostUnconfirmed && number > oldest) continue;
      [found, mostUnconfirmed, oldest] = [[key, visitors], size, number];
    }
    return found;
  }

  #putOutOldest(key: string, visitors: Visitors): boolean {
    const visit = first(visitors.unconfirmed);
    if (visit === undefined) return false;
    this.#leave(key, visitors, visit);
    visit.putOut();
    return true;
  }

  #leave(key: string, visitors: Visitors, visit: Visit): void {
    visitors.unconfirmed.delete(visit);
    visitors.count--;
    this.#total--;
    if (visitors.count === 0) this.#byKey.delete(key);
  }
}

function first<T>(set: Set<T>): T | undefined {
  return set.values().next().value;
}
