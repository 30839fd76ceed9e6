/**
 * Paths of files, for several tools.
 *
 * @module
 */

/** Resolves what a file names relative to itself. @returns A path from the root, as `from` is. */
export function resolvePath(from: string, place: string): string {
  return new URL(place, `file:///${from}`).pathname.slice(1);
}

/** Removes a file, or a folder and all in it, if it is there. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
