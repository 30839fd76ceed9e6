/**
 * Obstacles: things on the disk in the place of a file from another machine.
 *
 * @module
 */

import { isMissing } from "../errors.ts";
import { foldersOf } from "./safe_name.ts";

/** A thing that may be in the place of a file or folder. */
export type Obstacle = "link" | "not a file" | "not a folder";

/**
 * Finds an obstacle to a file `name` in `folder`: a link, which would lead elsewhere, or
 * something that is not a file or not a folder where one is needed.
 *
 * @param name A name that {@linkcode requireSafeNames} has accepted.
 */
export async function findObstacle(
  folder: string,
  name: string,
): Promise<{ at: string; obstacle: Obstacle } | null> {
  for (const part of [...foldersOf(name), name]) {
    const at = `${folder}/${part}`;
    const info = await lstatIfThere(at);
    if (info === null) return null;
    if (info.isSymlink) return { at, obstacle: "link" };
    if (part === name ? !info.isFile : !info.isDirectory) {
      return { at, obstacle: part === name ? "not a file" : "not a folder" };
    }
  }
  return null;
}

/** A file's own entry, whatever it leads to; `null` when there is none. */
export async function lstatIfThere(
  path: string,
): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
