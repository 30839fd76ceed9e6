/**
 * The pulse of a tunnel's other end: whether it, and its instance, still live.
 *
 * Versions are watched rather than what KV has let expire: it may keep that for a while.
 *
 * @module
 */

import type { Entry } from "./store.ts";

/** Signs of life of one end of a tunnel. */
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

  /** Takes note of the end's state; `false` when it is not new. */
  feelState({ version }: Entry): boolean {
    if (version === this.#stateVersion) return false;
    this.#stateVersion = version;
    this.#stateMs = this.now();
    return true;
  }

  /** Takes note of what the end's instance shows. */
  feelInstance({ version }: Entry): void {
    this.#isGone = version === null;
    if (version === this.#instanceVersion) return;
    this.#instanceVersion = version;
    this.#instanceMs = this.now();
  }

  /**
   * Whether the end is dead: its instance has said so or was silent for `liveMs`, or its
   * state was not renewed for `keepMs`.
   */
  isDead(liveMs: number, keepMs: number): boolean {
    const heardMs = Math.max(this.#stateMs, this.#instanceMs);
    return this.#isGone || this.now() - heardMs > liveMs ||
      this.quietMs > keepMs;
  }
}
