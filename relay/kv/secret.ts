/**
 * The key of the resume tokens when the settings name none: the first instance makes it, and all
 * instances of the relay share it.
 *
 * @module
 */

import { keys } from "./schema.ts";
import { SteadyStore, type Store } from "./store.ts";

/**
 * Time limit of one operation, in milliseconds. This is the first operation of an instance, and
 * the database may start slowly: to wait is better than to end, which would fail the client.
 */
const OPERATION_MS = 15_000;

/** Returns the key that all instances share; `fresh` if there was none. Rejects when KV fails. */
export async function shareSecret(
  store: Store,
  fresh: string,
): Promise<string> {
  const steady = new SteadyStore(
    store,
    new AbortController().signal,
    OPERATION_MS,
  );
  const key = keys.secret;
  const checks = [{ key, version: null }];
  await steady.commit({ checks, sets: [{ key, value: fresh }] });
  const [entry] = await steady.read([key]);
  return String(entry!.value);
}
