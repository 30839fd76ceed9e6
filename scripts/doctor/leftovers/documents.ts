/**
 * Files that sessions of Claude Code leave: documents that Claude has written to be shared, and the
 * folders in which the hooks keep what a user typed.
 *
 * @module
 */

import { FORGOTTEN_MS, WRITTEN_BY_SKILLS } from "../../cli/surroundings.ts";
import {
  ageOf,
  DAY_MS,
  entriesBehindLinks,
  entriesOf,
  type Item,
  itemOf,
  leftoverOf,
} from "./item.ts";

/** Age at which a hook removes the folder of a session (`hooks/keep-typed`), in milliseconds. */
const SESSION_MS = 7 * DAY_MS;

/**
 * Finds documents that Claude has written. One that is abandoned, as the next share would find, and
 * not shared at this moment is left over.
 *
 * @param shared Names of what is shared.
 */
export async function findDocuments(
  folder: string,
  now: Date,
  shared: Set<string>,
): Promise<Item[]> {
  const items = (await entriesBehindLinks(folder)).map((entry) => {
    const { name, info } = entry;
    if (!info.isFile) return [];
    if (!WRITTEN_BY_SKILLS.test(name)) {
      return [itemOf("file that somebody else has put there", entry)];
    }
    if (shared.has(name)) return [itemOf("document that is shared", entry)];
    return ageOf(entry, now) > FORGOTTEN_MS
      ? [leftoverOf("document that no share needs", entry)]
      : [itemOf("document that was just written", entry)];
  });
  return await Promise.all(items.flat());
}

/** Finds the folders of sessions; those that the hooks no longer need are left over. */
export async function findSessions(
  folder: string,
  now: Date,
): Promise<Item[]> {
  const items = (await entriesOf(folder))
    .filter(({ name, info }) =>
      info.isDirectory && /^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/.test(name)
    )
    .map((entry) =>
      ageOf(entry, now) > SESSION_MS
        ? leftoverOf("folder of an old Claude Code session", entry)
        : itemOf("folder of a Claude Code session", entry)
    );
  return await Promise.all(items);
}
