/**
 * Files below a folder.
 *
 * @module
 */

/** All files in a folder and in those below it, as paths from there; none where it is missing. */
export async function listFiles(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (!entry.isDirectory) names.push(entry.name);
      else {
        const inside = await listFiles(`${folder}/${entry.name}`);
        names.push(...inside.map((name) => `${entry.name}/${name}`));
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}
