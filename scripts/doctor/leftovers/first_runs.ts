/**
 * Notes of the launcher on its first run (`scripts/launcher/deno.sh`): one for each copy of the
 * plugin, named after its folder.
 *
 * @module
 */

import { lstatIfThere } from "../../../lib/files/obstacles.ts";
import { type Item, leftoverOf } from "./item.ts";

/**
 * Finds the notes of copies that are gone.
 *
 * @param gone Folders of these copies, as the launcher has found them.
 */
export async function findFirstRuns(
  folder: string,
  gone: string[],
): Promise<Item[]> {
  const items: Item[] = [];
  for (const root of gone) {
    if (!/^(?:\/(?!\.\.?(?:\/|$))[^/]+)+$/.test(root)) continue;
    const path = `${folder}${root}/ready`;
    const info = await lstatIfThere(path);
    if (info === null || !info.isFile) continue;
    const what = "note on a plugin that is gone";
    const item = await leftoverOf(what, { name: "ready", path, info });
    const remove = async () => {
      const isRemoved = await item.remove!();
      if (isRemoved) await removeEmptyAround(folder, path);
      return isRemoved;
    };
    items.push({ ...item, remove });
  }
  return items;
}

/** Removes the folders around a file that are empty. */
async function removeEmptyAround(folder: string, path: string): Promise<void> {
  let around = path;
  for (;;) {
    around = around.slice(0, around.lastIndexOf("/"));
    if (around.length <= folder.length) return;
    try {
      await Deno.remove(around);
    } catch {
      return;
    }
  }
}
