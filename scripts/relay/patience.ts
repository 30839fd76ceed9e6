/**
 * Waiting with a time limit.
 *
 * @module
 */

/**
 * Runs `work` with a signal that is aborted with `late` after `ms` milliseconds, or with the
 * reason of `signal` when that is aborted. Wrap work that takes no signal in
 * {@linkcode unlessAborted}.
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
