/**
 * The words of a share.
 *
 * @module
 */

import { generatePassphrase } from "../../lib/crypto/passphrase.ts";
import { hearNames, usableInterfaces } from "../../lib/discovery/mdns.ts";
import { fillRandom } from "../cli/surroundings.ts";
import type { ServeOptions } from "./options.ts";

/**
 * Makes the words of a share. Without a room their first one is its name on the local network,
 * and no share there that answers has the same.
 */
export async function makeWords(
  { relay, interface: only }: Pick<ServeOptions, "relay" | "interface">,
  signal: AbortSignal,
): Promise<string> {
  if (relay !== undefined) return generatePassphrase(fillRandom);
  const interfaces = usableInterfaces(Deno.networkInterfaces(), only);
  return generatePassphrase(
    fillRandom,
    await hearNames({ interfaces, signal }),
  );
}
