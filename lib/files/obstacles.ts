/**
 * Obstacles: things on the disk in the place of a file from another machine.
 *
 * @module
 */

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
    const info = await lstat(at);
    if (info === null) return null;
    if (info.isSymlink) return { at, obstacle: "link" };
    if (part === name ? !info.isFile : !info.isDirectory) {
      return { at, obstacle: part === name ? "not a file" : "not a folder" };
    }
  }
  return null;
}

async function lstat(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
