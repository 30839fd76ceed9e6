/**
 * Finds the sender on the local network, and again after a cut. See docs/protocol.md, sections 7.2
 * and 7.5.
 *
 * `lan_search.ts` tries the shares that are announced.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { cleanLine } from "../../../lib/text/clean_text.ts";
import { type BrowseOptions, LanSearch } from "./lan_search.ts";
import type { DialOptions, Sender } from "./sender.ts";

/** Longest `user@host` of a sender that is shown, in UTF-16 units. */
const MAX_FROM_LENGTH = 128;

/** Time to look for a sender after a cut before its old address is tried, in milliseconds. */
const AGAIN_MS = 3_000;

/**
 * Finds a sender on the LAN that knows the secret. The secret of a pair needs `instance`.
 *
 * @throws {SpreadError} `NO_SENDER` when no share came into question; otherwise the error about
 *   which a person can do most, of those of the shares that were tried. `NO_NETWORK` when no
 *   network came in time; `CANNOT_LISTEN` when multicast DNS cannot be used; `USAGE` when `interface`
 *   is not an address of this machine; the reason of the signal.
 */
export async function dialLan(
  options: DialOptions,
  where: BrowseOptions,
): Promise<Sender> {
  const { browse, InterfaceWatch } = await import(
    "../../../lib/discovery/mdns.ts"
  );
  const watch = new InterfaceWatch(
    () => Deno.networkInterfaces(),
    where.interface,
  );
  using search = new LanSearch(options, where);
  const how = { watch, signal: search.signal, onNoNetwork: where.onNoNetwork };
  try {
    for await (const candidate of browse(how)) {
      const from = cleanLine(candidate.from ?? "", MAX_FROM_LENGTH) ||
        undefined;
      search.hear({ ...candidate, from });
    }
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  }
  const { sender, instance } = await search.outcome();
  return searchedAgain(sender, options, { ...where, instance });
}

/** Makes `again()` of a sender search the network, because after a cut its addresses may be others. */
function searchedAgain(
  sender: Sender,
  options: DialOptions,
  where: BrowseOptions,
): Sender {
  return { ...sender, again: () => dialLanAgain(sender, options, where) };
}

/**
 * Connects again to a sender that was found on the network, at its old address when the search finds
 * nobody, or somebody else who announces the same instance.
 */
export async function dialLanAgain(
  sender: Sender,
  options: DialOptions,
  where: BrowseOptions,
): Promise<Sender> {
  try {
    const how = { ...where, timeoutMs: AGAIN_MS, onCandidate: () => {} };
    return await dialLan(options, how);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof SpreadError)) throw error;
    return searchedAgain(await sender.again(), options, where);
  }
}
