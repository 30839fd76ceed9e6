/**
 * Liveness of the other end of a tunnel: whether it and its instance are still alive.
 *
 * Tells life from changes of KV versions, not from keys that disappear: KV may keep an expired
 * key for a while.
 *
 * @module
 */

import type { StoredValue } from "../store.ts";

/** Signs of life of one tunnel end. */
export class Liveness {
  #stateVersion: string | null = null;
  #instanceVersion: string | null = null;
  #stateMs: number;
  #instanceMs: number;
  #isGone = false;

  /** @param now Milliseconds that never go back. */
  constructor(private readonly now: () => number) {
    this.#stateMs = this.#instanceMs = now();
  }

  /** Time since the end's state last changed, in milliseconds. */
  get quietMs(): number {
    return this.now() - this.#stateMs;
  }

  /** Notes the end's state; `false` when the state has not changed. */
  feelState({ version }: StoredValue): boolean {
    if (version === this.#stateVersion) return false;
    this.#stateVersion = version;
    this.#stateMs = this.now();
    return true;
  }

  /** Notes the sign of life of the end's instance. */
  feelInstance({ version }: StoredValue): void {
    this.#isGone = version === null;
    if (version === this.#instanceVersion) return;
    this.#instanceVersion = version;
    this.#instanceMs = this.now();
  }

  /**
   * Whether the end is dead: its instance has said so or was silent for `liveMs`, or the end did
   * not renew its state for `keepMs`.
   */
  isDead(liveMs: number, keepMs: number): boolean {
    const heardMs = Math.max(this.#stateMs, this.#instanceMs);
    return this.#isGone || this.now() - heardMs > liveMs ||
      this.quietMs > keepMs;
  }
}
