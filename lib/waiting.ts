/**
 * Waiting: for a time that can be cut short, for a change, and for a slot.
 *
 * @module
 */

/** Waits `ms` milliseconds, or until `signal` is aborted; an abort is not an error. */
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

/** Wakes everyone who waits for a change, so that they look again. */
export class Notifier {
  #changed = Promise.withResolvers<void>();

  /** Resolves at the next call of {@linkcode notify}. */
  wait(): Promise<void> {
    return this.#changed.promise;
  }

  /** Wakes everyone who waits. */
  notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** Counting semaphore: lets a fixed number of holders in at a time, in order of arrival. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /**
   * @param count Largest number of holders at the same time.
   */
  constructor(count: number) {
    this.#free = count;
  }

  /** Waits for a slot; disposing of it lets the next one in. */
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
