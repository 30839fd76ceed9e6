/**
 * Turns to look at shares, on the local network or at relays. Nobody can use up all of them: not a
 * relay, because each way has its own, and not one pair whose shares never answer.
 *
 * @module
 */

import { Semaphore } from "../../../lib/waiting.ts";

/** Most shares looked at at the same time on one way, and among them of one pair. */
const MAX_AT_ONCE = 8;
const MAX_OF_PAIR_AT_ONCE = 3;

/** The turns on one way. */
export class DialTurns {
  readonly #all = new Semaphore(MAX_AT_ONCE);
  readonly #byPair = new Map<string, Semaphore>();

  /** Waits for a turn for a share of this pair; disposing of it lets the next one in. */
  async take(pair: string): Promise<Disposable> {
    const own = this.#byPair.get(pair) ?? new Semaphore(MAX_OF_PAIR_AT_ONCE);
    this.#byPair.set(pair, own);
    using stack = new DisposableStack();
    stack.use(await own.acquire());
    stack.use(await this.#all.acquire());
    return stack.move();
  }
}
