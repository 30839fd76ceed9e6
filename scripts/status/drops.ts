/**
 * Drops that this user has left, for `status` and `stop`: reads their entries, asks their relays, and
 * notes what these say.
 *
 * @module
 */

import {
  type DropEntry,
  readDropEntries,
  writeDropEntry,
} from "../../lib/drops/entries.ts";
import {
  type Asking,
  lookAtDrop,
  type OwnDrop,
  takeBackDrop,
} from "../../lib/drops/own_drops.ts";
import { SpreadError } from "../../lib/errors.ts";
import { Semaphore } from "../../lib/waiting.ts";
import { proxyFor } from "../cli/proxy.ts";
import { dropsFolder } from "../cli/surroundings.ts";

/** Time for all relays to answer, in milliseconds. */
const ANSWER_MS = 5_000;

/** Most drops that one relay is asked for at the same time. */
const MAX_ASKED = 8;

/** The drops, oldest first, and the paths of entries that cannot be read. */
export interface OwnDrops {
  drops: OwnDrop[];
  unreadable: string[];
}

/**
 * Asks how all drops stand, their relays side by side.
 *
 * @param isLocal Whether to ask none of them.
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function lookAtDrops(
  now: Date,
  isLocal: boolean,
): Promise<OwnDrops> {
  const { entries, unreadable } = await readDropEntries(dropsFolder(), now);
  const drops = isLocal
    ? entries.map(notAsked)
    : await askRelays(entries, now, lookAtDrop);
  return { drops, unreadable };
}

function notAsked(entry: DropEntry): OwnDrop {
  if (entry.over !== undefined) return { state: entry.over.how, entry };
  return { state: "unknown", entry, why: "its relay was not asked" };
}

/**
 * Takes drops back.
 *
 * @returns For each drop, its state afterwards, or the error that `takeBackDrop()` threw.
 */
export async function takeBackAll(
  entries: DropEntry[],
): Promise<(OwnDrop | SpreadError)[]> {
  return await askRelays(entries, new Date(), async (entry, asking) => {
    try {
      return await takeBackDrop(entry, asking);
    } catch (error) {
      if (error instanceof SpreadError) return error;
      throw error;
    }
  });
}

/** Asks for each drop. A relay that does not answer costs its time once, and delays no other. */
async function askRelays<Answer extends OwnDrop | SpreadError>(
  entries: DropEntry[],
  now: Date,
  ask: (entry: DropEntry, asking: Asking) => Promise<Answer>,
): Promise<Answer[]> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const places = new Map<string, Semaphore>();
  return await Promise.all(entries.map(async (entry) => {
    const { relay } = entry;
    const atRelay = places.get(relay) ?? new Semaphore(MAX_ASKED);
    places.set(relay, atRelay);
    using _place = await atRelay.acquire();
    const proxy = await proxyFor(relay, (name) => Deno.env.get(name)) ?? null;
    const answer = await ask(entry, { proxy, signal, now });
    if (!(answer instanceof SpreadError)) await note(answer, entry);
    return answer;
  }));
}

/** Writes what the relay has told; without it in the entry, the next command asks again. */
async function note({ entry }: OwnDrop, before: DropEntry): Promise<void> {
  const isNew = entry.over !== before.over || entry.left !== before.left;
  if (isNew) await writeDropEntry(dropsFolder(), entry).catch(() => {});
}
