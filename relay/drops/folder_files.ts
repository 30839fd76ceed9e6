/**
 * Files of drops in one folder, for `folder_store.ts`: `ID.data` has the bytes, `ID.json` the row
 * of a drop that is complete.
 *
 * A row is put in place by a rename, after it and the data are on the disk; so a drop is there
 * entirely or not at all, whenever the process is killed or the power fails.
 *
 * @module
 */

import { isMissing } from "../../lib/errors.ts";
import { type DropRow, isComplete, parseRow, PART_BYTES } from "./drop_row.ts";

/** Names of our files; others in the folder are left alone. */
const OUR_FILE = /^([0-9a-f]{32})\.(data|json|json\.new)$/;

/** Most bytes of a row as JSON, far above any that is valid. */
const MAX_ROW_BYTES = 4096;

/** The files of one folder. */
export class FolderFiles {
  constructor(private readonly folder: string) {}

  /** Makes an empty file for the data of a drop. */
  async create(id: string): Promise<void> {
    const options = { write: true, create: true, truncate: true, mode: 0o600 };
    using _file = await Deno.open(this.#path(id, "data"), options);
  }

  /** Writes a part into the data of a drop. @param isLast Whether all data must reach the disk. */
  async writePart(
    id: string,
    part: number,
    bytes: Uint8Array,
    isLast: boolean,
  ): Promise<void> {
    using file = await Deno.open(this.#path(id, "data"), { write: true });
    await file.seek(part * PART_BYTES, Deno.SeekMode.Start);
    await writeAll(file, bytes);
    if (isLast) await file.syncData();
  }

  /** Reads a part of this size. Rejects when the data ends before it. */
  async readPart(id: string, part: number, size: number): Promise<Uint8Array> {
    using file = await Deno.open(this.#path(id, "data"));
    await file.seek(part * PART_BYTES, Deno.SeekMode.Start);
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const count = await file.read(bytes.subarray(at));
      if (count === null) throw new RangeError("The data of a drop is short");
      at += count;
    }
    return bytes;
  }

  /** Puts the row of a complete drop in place; it is on the disk when the promise resolves. */
  async describe(row: DropRow): Promise<void> {
    const path = this.#path(row.id, "json");
    const fresh = `${path}.new`;
    try {
      const options = {
        write: true,
        create: true,
        truncate: true,
        mode: 0o600,
      };
      using file = await Deno.open(fresh, options);
      await writeAll(file, new TextEncoder().encode(JSON.stringify(row)));
      await file.sync();
      await Deno.rename(fresh, path);
    } catch (error) {
      await removeIfThere(fresh).catch(() => {});
      throw error;
    }
    await this.#sync();
  }

  /** Removes a drop: its row first, so that what a kill leaves behind is not a drop. */
  async remove(id: string): Promise<void> {
    await removeIfThere(this.#path(id, "json"));
    await this.#sync();
    await this.removeData(id);
  }

  async removeData(id: string): Promise<void> {
    await removeIfThere(this.#path(id, "data"));
  }

  /** Returns the rows of all drops that are whole, and removes all that is not. */
  async load(): Promise<DropRow[]> {
    const rows: DropRow[] = [];
    const names = (await Array.fromAsync(Deno.readDir(this.folder)))
      .map(({ name }) => OUR_FILE.exec(name)).filter((name) => name !== null);
    const described = new Set<string>();
    for (const [, id, kind] of names) {
      if (kind !== "json") continue;
      const row = await this.#loadRow(id!);
      if (row === null) continue;
      described.add(id!);
      rows.push(row);
      if (row.takenMs !== null) await this.removeData(id!);
    }
    for (const [name, id, kind] of names) {
      if (kind === "json.new" || !described.has(id!)) {
        await removeIfThere(`${this.folder}/${name}`);
      }
    }
    return rows;
  }

  /** Reads a row; `null` when it is damaged, of another drop, or its data is not all there. */
  async #loadRow(id: string): Promise<DropRow | null> {
    const path = this.#path(id, "json");
    if ((await Deno.stat(path)).size > MAX_ROW_BYTES) return null;
    const row = parseRow(parseJson(await Deno.readTextFile(path)));
    if (row === null || row.id !== id || !isComplete(row)) return null;
    if (row.takenMs !== null) return row;
    return await sizeOf(this.#path(id, "data")) === row.bytes ? row : null;
  }

  #path(id: string, kind: "data" | "json"): string {
    return `${this.folder}/${id}.${kind}`;
  }

  /** Makes renames and removals in the folder last, where the system can. */
  async #sync(): Promise<void> {
    if (Deno.build.os === "windows") return;
    using folder = await Deno.open(this.folder);
    await folder.sync();
  }
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

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
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
