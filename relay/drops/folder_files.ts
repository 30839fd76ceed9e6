/**
 * Files of drops in one folder, for `folder_store.ts`: `XY/ID.data` has the bytes, `XY/ID.json` the
 * row of a drop that is complete, where `XY` are the first two digits of the id. There is a folder
 * for each `XY`, because long lists of files cost memory.
 *
 * A row is put in place by a rename, after it and the data are on the disk; so a drop is there
 * entirely or not at all, whenever the process is killed or the power fails.
 *
 * @module
 */

import { isMissing } from "../../lib/errors.ts";
import { type DropRow, isComplete, parseRow, PART_BYTES } from "./drop_row.ts";

/** Names of our folders and files; others in the folder are left alone. */
const OUR_FOLDER = /^[0-9a-f]{2}$/;
const OUR_FILE = /^([0-9a-f]{32})\.(data|json|json\.new)$/;

/** Most bytes of a row as JSON, far above any that is valid. */
const MAX_ROW_BYTES = 4096;

/** The files of one folder. */
export class FolderFiles {
  constructor(private readonly folder: string) {}

  /** Makes an empty file for the data of a drop. */
  async create(id: string): Promise<void> {
    try {
      await this.#makeData(id);
    } catch (error) {
      if (!isMissing(error)) throw error;
      await Deno.mkdir(this.#folderOf(id), { recursive: true, mode: 0o700 });
      await sync(this.folder);
      await this.#makeData(id);
    }
  }

  async #makeData(id: string): Promise<void> {
    const options = { write: true, create: true, truncate: true, mode: 0o600 };
    using _file = await Deno.open(this.#path(id, "data"), options);
  }

  /** Writes a part into the data of a drop. @param isLast Whether all data must reach the disk. */
  async writePart(
    id: string,
    part: number,
    bytes: Uint8Array,
    isLast = false,
  ): Promise<void> {
    using file = await Deno.open(this.#path(id, "data"), { write: true });
    // Waits for nothing, unlike an operation on a thread of its own.
    file.seekSync(part * PART_BYTES, Deno.SeekMode.Start);
    await writeAll(file, bytes);
    if (isLast) await file.syncData();
  }

  /** Writes the last part of a drop, and describes the drop; the disk syncs both at once. */
  async complete(row: DropRow, part: number, bytes: Uint8Array): Promise<void> {
    await this.describe(row, this.writePart(row.id, part, bytes, true));
  }

  /** Reads a part of this size. Rejects when the data ends before it. */
  async readPart(id: string, part: number, size: number): Promise<Uint8Array> {
    using file = await Deno.open(this.#path(id, "data"));
    file.seekSync(part * PART_BYTES, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const count = await file.read(bytes.subarray(at));
      if (count === null) throw new RangeError("The data of a drop is short");
      at += count;
    }
    return bytes;
  }

  /**
   * Puts the row of a complete drop in place; it is on the disk when the promise resolves.
   *
   * @param data Resolves once all data is on the disk.
   */
  async describe(row: DropRow, data = Promise.resolve()): Promise<void> {
    const path = this.#path(row.id, "json");
    const fresh = `${path}.new`;
    try {
      const both = await Promise.allSettled([data, writeRow(fresh, row)]);
      for (const one of both) {
        if (one.status === "rejected") throw one.reason;
      }
      await Deno.rename(fresh, path);
    } catch (error) {
      await removeIfThere(fresh).catch(() => {});
      throw error;
    }
    await sync(this.#folderOf(row.id));
  }

  /** Removes a drop: its row first, so that what a kill leaves behind is not a drop. */
  async remove(id: string): Promise<void> {
    await removeIfThere(this.#path(id, "json"));
    await sync(this.#folderOf(id));
    await this.removeData(id);
  }

  async removeData(id: string): Promise<void> {
    await removeIfThere(this.#path(id, "data"));
  }

  /**
   * Returns the rows of all drops that are whole, one after the other, and removes all that is not.
   * Blocks: it is meant for the start, when nothing else is to be done.
   */
  *load(): Generator<DropRow> {
    for (const { name, isDirectory } of Deno.readDirSync(this.folder)) {
      if (isDirectory && OUR_FOLDER.test(name)) yield* this.#loadFolder(name);
    }
  }

  *#loadFolder(folder: string): Generator<DropRow> {
    const ours = [...Deno.readDirSync(`${this.folder}/${folder}`)]
      .map(({ name }) => OUR_FILE.exec(name) ?? [])
      .filter(([, id]) => id?.startsWith(folder));
    const described = new Set<string>();
    for (const [, id, kind] of ours) {
      const row = kind === "json" ? this.#loadRow(id!) : null;
      if (row === null) continue;
      described.add(id!);
      yield row;
    }
    for (const [name, id, kind] of ours) {
      if (kind !== "json.new" && described.has(id!)) continue;
      Deno.removeSync(`${this.folder}/${folder}/${name}`);
    }
  }

  /** Reads a row; `null` when it is damaged or of another drop, or when data is missing. */
  #loadRow(id: string): DropRow | null {
    const path = this.#path(id, "json");
    if (Deno.statSync(path).size > MAX_ROW_BYTES) return null;
    const row = parseRow(parseJson(Deno.readTextFileSync(path)));
    if (row === null || row.id !== id || !isComplete(row)) return null;
    const size = sizeOf(this.#path(id, "data"));
    if (row.takenMs === null) return size === row.bytes ? row : null;
    // The relay was ended between the receipt and this.
    if (size >= 0) Deno.removeSync(this.#path(id, "data"));
    return row;
  }

  #path(id: string, kind: "data" | "json"): string {
    return `${this.#folderOf(id)}/${id}.${kind}`;
  }

  #folderOf(id: string): string {
    return `${this.folder}/${id.slice(0, 2)}`;
  }
}

/** Writes renames and removals in a folder to the disk, where the system can. */
async function sync(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}

async function writeRow(path: string, row: DropRow): Promise<void> {
  const options = { write: true, create: true, truncate: true, mode: 0o600 };
  using file = await Deno.open(path, options);
  await writeAll(file, new TextEncoder().encode(JSON.stringify(row)));
  await file.sync();
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await file.write(bytes.subarray(at));
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    if (isMissing(error)) return -1;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
