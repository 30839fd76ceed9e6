/**
 * The words of a share.
 *
 * @module
 */

import { generatePassphrase } from "../../lib/crypto/passphrase.ts";
import { hearNames, type InterfaceWatch } from "../../lib/discovery/mdns.ts";
import { fillRandom } from "../cli/surroundings.ts";
import type { ServeOptions } from "./options.ts";

/**
 * Makes the words of a share. Without a room their first one is its name on the local network,
 * and no share there that answers has the same.
 */
export async function makeWords(
  { relay }: Pick<ServeOptions, "relay">,
  watch: InterfaceWatch,
  signal: AbortSignal,
): Promise<string> {
  if (relay !== undefined) return generatePassphrase(fillRandom);
  return generatePassphrase(fillRandom, await hearNames({ watch, signal }));
}
