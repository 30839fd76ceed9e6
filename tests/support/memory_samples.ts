/**
 * Two memories that differ in every way that matters to a merge.
 *
 * @module
 */

import type { ReceivedMemory } from "../../lib/memory/merge.ts";

/** The memory that is here, by name. */
export const OURS: Record<string, string> = {
  "MEMORY.md": "# Memory\r\n\r\n- [Build](build.md) — make\r\n",
  "build.md": "Run `make`.\n",
  "same.md": "The same.\n",
  "only_ours.md": "Ours.",
  "sub/deep.md": "Deep.\n",
};

const theirs: Record<string, string> = {
  "MEMORY.md": "- [Build](build.md) — deno\n- [New](new/topic.md) — new\n",
  "build.md": "Run `deno task`.\n",
  "same.md": "The same.\n",
  "new/topic.md": "---\nname: topic\nmetadata:\n  type: project\n---\nNew.\n",
  "sub/deep.md": "Deeper.\n",
};

/** The memory that is received. */
export const THEIRS: Map<string, ReceivedMemory> = new Map(
  Object.entries(theirs).map(([name, text]) => [name, { text, raw: text }]),
);

/** Writes files into a folder. */
export async function fill(
  folder: string,
  files: Record<string, string>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = `${folder}/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
}

/** Everything in a folder, hidden files too: text by path. */
export async function snapshot(
  folder: string,
  prefix = "",
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const entry of Deno.readDir(`${folder}/${prefix}`)) {
    const path = prefix + entry.name;
    if (entry.isDirectory) {
      Object.assign(found, await snapshot(folder, `${path}/`));
    } else found[path] = await Deno.readTextFile(`${folder}/${path}`);
  }
  return Object.fromEntries(Object.entries(found).sort());
}

/** Everything in a folder and the folder itself: text, or nothing, and time of the last change. */
export async function stamps(
  folder: string,
): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  const stamp = async (path: string) => {
    const { isDirectory, mtime, ctime } = await Deno.lstat(path);
    const text = isDirectory ? "" : await Deno.readTextFile(path);
    found[path] = [text, mtime?.getTime(), ctime?.getTime()];
    if (!isDirectory) return;
    for await (const { name } of Deno.readDir(path)) {
      await stamp(`${path}/${name}`);
    }
  };
  await stamp(folder);
  return Object.fromEntries(Object.entries(found).sort());
}

/** A folder with a memory of ours and a state folder, removed when disposed of. */
export class Place implements AsyncDisposable {
  readonly folder: string;
  readonly state: string;

  private constructor(private readonly base: string) {
    this.folder = `${base}/memory`;
    this.state = `${base}/state`;
  }

  static async make(files: Record<string, string> = OURS): Promise<Place> {
    const made = await Deno.makeTempDir({ prefix: "cs-memory-" });
    const place = new Place(await Deno.realPath(made));
    await Deno.mkdir(place.folder);
    await fill(place.folder, files);
    return place;
  }

  get files(): Promise<Record<string, string>> {
    return snapshot(this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.base, { recursive: true });
  }
}
