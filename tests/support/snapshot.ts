/**
 * All that there is in a folder: to find that a command changed nothing in it.
 *
 * @module
 */

/** What stands for the content of a file, link or folder, by its path from the folder. */
export type Snapshot = Record<string, string>;

/**
 * Reads every file in a folder and in those below it, with its mode. Of the index of git it reads
 * the time as well, because git writes an index that it only looks at in vain.
 *
 * @param skips Whether a path is left out.
 */
export async function snapshot(
  folder: string,
  skips: (path: string) => boolean = () => false,
): Promise<Snapshot> {
  const found: Snapshot = {};
  const read = async (at: string) => {
    for await (const { name } of Deno.readDir(`${folder}/${at}`)) {
      const path = `${at}${name}`;
      if (skips(path)) continue;
      if (name.includes("\ufffd")) {
        // Deno has no name for it.
        found[path] = `odd ${Number(found[path]?.slice(4) ?? 0) + 1}`;
        continue;
      }
      const full = `${folder}/${path}`;
      const { isDirectory, isSymlink, isFile, mode, mtime } = await Deno.lstat(
        full,
      );
      const about = `${(mode ?? 0).toString(8)}`;
      if (isDirectory) {
        found[path] = `folder ${about}`;
        await read(`${path}/`);
      } else if (isSymlink) {
        found[path] = `link ${await Deno.readLink(full)}`;
      } else if (isFile) {
        const time = name === "index" ? ` ${mtime!.getTime()}` : "";
        found[path] = `file ${about}${time} ${await hashOf(full)}`;
      } else found[path] = `other ${about}`;
    }
  };
  await read("");
  return found;
}

async function hashOf(path: string): Promise<string> {
  const bytes = await Deno.readFile(path);
  if (bytes.length <= 64) return JSON.stringify([...bytes]);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
