/**
 * Turns: lets a fixed number of holders in at a time, the others in order of their coming.
 *
 * @module
 */

/** Hands out a fixed number of turns. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count Holders at the same time. */
  constructor(count: number) {
    this.#free = count;
  }

  /** Waits for a turn; disposing it lets the next one in. */
  async take(): Promise<Disposable> {
    if (this.#free > 0) {
      this.#free--;
    } else {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return { [Symbol.dispose]: () => this.#release() };
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
