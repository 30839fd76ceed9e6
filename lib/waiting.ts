/**
 * Waiting: for a time that can be cut short, for work unless one gives up, for a time of day, for a
 * connection, for a change, and for a slot.
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

/**
 * Returns the result of `work`, unless `signal` is aborted first; the work itself continues then.
 *
 * @throws The signal's reason.
 */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Time between two readings of the clock, in milliseconds. */
const LOOK_MS = 10_000;

/**
 * Calls `act` once `ms` milliseconds have passed on the wall, even if the machine has slept
 * meanwhile, when timers stand still; then at most 10 seconds after it has woken up.
 *
 * @param options `now`: milliseconds since 1970; `lookMs`: time between two looks at it.
 */
export function afterWallTime(
  ms: number,
  act: () => void,
  { now = Date.now, lookMs = LOOK_MS } = {},
): Disposable {
  const [startMs, startAwakeMs] = [now(), performance.now()];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    // A clock that was set back must not prolong the time.
    const passedMs = Math.max(
      now() - startMs,
      performance.now() - startAwakeMs,
    );
    if (passedMs >= ms) return act();
    timer = setTimeout(look, Math.min(ms - passedMs, lookMs));
  };
  look();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Time after which a listener that could not accept a connection tries again, in milliseconds. */
const ACCEPT_AGAIN_MS = 50;

/** Waits for the next connection of a listener; `null` once it is closed. */
export async function accept<Conn>(
  listener: { accept(): Promise<Conn> },
): Promise<Conn | null> {
  for (;;) {
    try {
      return await listener.accept();
    } catch (error) {
      if (
        error instanceof Deno.errors.BadResource ||
        error instanceof Deno.errors.Interrupted
      ) {
        return null;
      }
      // It was reset before accept(), or no file descriptor is free: the next may work.
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_AGAIN_MS));
    }
  }
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
