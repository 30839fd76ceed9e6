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
import { Semaphore } from "../../lib/waiting.ts";
import { proxyFor } from "../cli/proxy.ts";
import { dropsFolder } from "../cli/surroundings.ts";

/** Time for a relay to answer, in milliseconds, and relays asked at the same time. */
const ANSWER_MS = 5_000;
const MAX_ASKED = 8;

/** The drops, oldest first, and the paths of entries that cannot be read. */
export interface OwnDrops {
  drops: OwnDrop[];
  unreadable: string[];
}

/**
 * Asks how all drops stand, several relays side by side.
 *
 * @param isLocal Whether to ask none of them.
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function lookAtDrops(
  now: Date,
  isLocal: boolean,
): Promise<OwnDrops> {
  const folder = dropsFolder();
  const { entries, unreadable } = await readDropEntries(folder, now);
  const places = new Semaphore(MAX_ASKED);
  const drops = await Promise.all(entries.map(async (entry) => {
    if (isLocal) return notAsked(entry);
    using _place = await places.acquire();
    const drop = await lookAtDrop(entry, await askingOf(entry, now));
    await note(drop, entry);
    return drop;
  }));
  return { drops, unreadable };
}

function notAsked(entry: DropEntry): OwnDrop {
  const state = entry.over?.how ?? "unknown";
  return { state, entry, why: "its relay was not asked" };
}

/** Takes a drop back. @throws {SpreadError} As `takeBackDrop()`. */
export async function takeBack(entry: DropEntry): Promise<OwnDrop> {
  const now = new Date();
  const drop = await takeBackDrop(entry, await askingOf(entry, now));
  await note(drop, entry);
  return drop;
}

async function askingOf(
  { relay }: DropEntry,
  now: Date,
): Promise<Asking> {
  const proxy = await proxyFor(relay, (name) => Deno.env.get(name)) ?? null;
  return { proxy, signal: AbortSignal.timeout(ANSWER_MS), now };
}

/** Writes what is new in an entry; without that it is asked for again. */
async function note({ entry }: OwnDrop, before: DropEntry): Promise<void> {
  const isNew = entry.over !== before.over || entry.left !== before.left;
  if (isNew) await writeDropEntry(dropsFolder(), entry).catch(() => {});
}
