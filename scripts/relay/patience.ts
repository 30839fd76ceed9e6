/**
 * Waiting for no longer than it makes sense.
 *
 * @module
 */

/**
 * Runs `work`, whose signal is aborted with `late` after `ms` milliseconds, and with the reason of
 * `signal` when that one is. Work that takes no signal goes through {@linkcode unlessAborted}.
 */
export async function withPatience<T>(
  ms: number,
  late: Error,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(late), ms);
  try {
    return await work(AbortSignal.any([signal, patience.signal]));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The result of `work`, unless `signal` is aborted first; the work itself goes on then.
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
