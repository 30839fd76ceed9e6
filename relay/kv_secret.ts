/**
 * The key of the resume tokens, when it is not set: all instances of a relay use the same,
 * which the first of them makes.
 *
 * @module
 */

import { keys } from "./kv_records.ts";
import { SteadyStore, type Store } from "./kv_store.ts";

/**
 * Time for one operation, in milliseconds. This is the first that an instance asks of a database:
 * one that is slow is waited for, because an instance that ends instead fails its client.
 */
const OPERATION_MS = 15_000;

/** The key that all instances share; `fresh` when there was none. Rejects when KV fails. */
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
