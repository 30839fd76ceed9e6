/**
 * Waiting with a time limit.
 *
 * @module
 */

/**
 * Runs `work` with a signal that is aborted with `late` after `ms` milliseconds, or with the
 * reason of `signal` when that is aborted. Wrap work that takes no signal in
 * `unlessAborted()`.
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
