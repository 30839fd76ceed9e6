/**
 * Finds all that our commands have left in their folders. Reads only, and follows no link in them.
 *
 * @module
 */

import type { Places } from "../places.ts";
import { findDocuments, findSessions } from "./documents.ts";
import { findFirstRuns } from "./first_runs.ts";
import { entriesBehindLinks, type Item } from "./item.ts";
import {
  findNotice,
  findPairs,
  findUndoOfMemory,
  findUndoOfSessions,
} from "./kept.ts";
import { findPartial, findSpooled } from "./payloads.ts";
import { findDrops, findShares } from "./shares.ts";
import { findWork } from "./work.ts";

/**
 * Finds everything. Nothing is found in a folder that somebody else could have put things in.
 *
 * @param gone Folders of copies of the plugin that are no longer there.
 */
export async function findItems(
  { state, usual, written }: Places,
  gone: string[],
  now: Date,
): Promise<Item[]> {
  const [hasState, hasUsual] = await Promise.all(
    [state, usual].map(async (folder) =>
      (await entriesBehindLinks(folder)).length > 0
    ),
  );
  const shares = hasState
    ? await findShares(`${state}/shares`, now)
    : { items: [], shared: new Set<string>() };
  const ofState = hasState
    ? await Promise.all([
      findPartial(`${state}/partial`, now),
      findSpooled(`${state}/spool`, now),
      findDrops(`${state}/drops`, now),
      findWork(`${state}/work`, now),
      findUndoOfSessions(`${state}/sessions`, now),
      findUndoOfMemory(`${state}/memory`),
      findFirstRuns(`${state}/deno`, gone),
    ])
    : [];
  const ofUsual = hasUsual
    ? await Promise.all([
      findPairs(`${usual}/pairs`, now),
      findNotice(`${usual}/notice`, now),
      findSessions(`${usual}/claude`, now),
    ])
    : [];
  const documents = await findDocuments(written, now, shares.shared);
  return [...shares.items, ...ofState.flat(), ...ofUsual.flat(), ...documents];
}
