/**
 * All that there is in a folder: to find that nothing in it has changed.
 *
 * @module
 */

/** Every path below a folder with its content, or with where it leads. */
export async function snapshot(
  folder: string,
  skips: (path: string) => boolean = () => false,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const read = async (inside: string) => {
    for await (const entry of Deno.readDir(`${folder}${inside}`)) {
      const path = `${inside}/${entry.name}`;
      if (skips(path)) continue;
      if (entry.isDirectory) {
        found.set(path, "folder");
        await read(path);
      } else if (entry.isSymlink) {
        found.set(path, `-> ${await Deno.readLink(`${folder}${path}`)}`);
      } else {
        const bytes = await Deno.readFile(`${folder}${path}`);
        const hash = await crypto.subtle.digest("SHA-256", bytes);
        found.set(path, new Uint8Array(hash).toHex());
      }
    }
  };
  await read("");
  return new Map([...found].sort());
}
