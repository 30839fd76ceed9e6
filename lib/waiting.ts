/**
 * Waiting: for a time that can be cut short, for a change, and for a place.
 *
 * @module
 */

/** Waits `ms` milliseconds, or until `signal` is aborted, which is not an error. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}

/** Wakes whoever waits for a change, to look again. */
export class Notifier {
  #changed = Promise.withResolvers<void>();

  /** Resolves at the next call of {@linkcode notify}. */
  wait(): Promise<void> {
    return this.#changed.promise;
  }

  /** Something has changed. */
  notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** Lets a fixed number of holders in at a time, the others in the order of their coming. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count Holders at the same time. */
  constructor(count: number) {
    this.#free = count;
  }

  /** Waits for a place; disposing of it lets the next one in. */
  async acquire(): Promise<Disposable> {
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
