/**
 * Generates the words of a share.
 *
 * @module
 */

import { generatePassphrase } from "../../lib/crypto/passphrase.ts";
import { hearNames, type InterfaceWatch } from "../../lib/discovery/mdns.ts";
import { fillRandom } from "../cli/surroundings.ts";
import type { ServeOptions } from "./options.ts";

/**
 * Generates four words. For a share without a room the first of them is its name on the local
 * network: one that no other share announces there, as far as can be heard within 100 ms.
 *
 * @throws The reason of `signal` when that aborts first.
 */
export async function makeWords(
  { relay }: Pick<ServeOptions, "relay">,
  watch: InterfaceWatch,
  signal: AbortSignal,
): Promise<string> {
  if (relay !== undefined) return generatePassphrase(fillRandom);
  return generatePassphrase(fillRandom, await hearNames({ watch, signal }));
}
