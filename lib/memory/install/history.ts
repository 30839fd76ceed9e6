/**
 * The history of installations: the changes of each, and a copy of the memory before it.
 *
 * Entries lie in the state folder, readable by their owner only; an installation is undone
 * from its entry. An entry has another name until its installation is decided on; the next
 * installation removes one that never was.
 *
 * @module
 */

import * as v from "valibot";
import { utf8 } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import type { Disk } from "../../files/disk.ts";
import { lstatIfThere } from "../../files/obstacles.ts";
import { hashOf } from "../change/file_state.ts";
import { problemOfName } from "../../files/safe_name.ts";

/** Most entries kept of each memory. */
export const MAX_INSTALLATIONS = 10;

/** Largest entry without its copies, in bytes. */
const MAX_ENTRY_BYTES = 64 * 1024 * 1024;

const UNDECIDED = ".undecided";

const name = v.pipe(
  v.string(),
  v.check((text) => problemOfName(text) === null),
);

const InstallationSchema = v.object({
  version: v.literal(1),
  folder: v.string(),
  at: v.pipe(v.string(), v.isoTimestamp()),
  sender: v.optional(v.string()),
  project: v.optional(v.string()),
  indexName: name,
  /** Blocks that the installation added to the index. */
  indexGains: v.array(v.string()),
  /** SHA-256 before (`null` if there was no file) and after. */
  changes: v.array(v.object({
    name,
    before: v.nullable(v.string()),
    after: v.string(),
  })),
});

/** An entry: the changes of one installation. */
export type Installation = v.InferOutput<typeof InstallationSchema>;

/** The installations into one memory. */
export class InstallHistory {
  readonly #folder: string;

  /**
   * @param state The state folder.
   * @param memory The real path of the memory folder.
   */
  constructor(state: string, memory: string, private readonly disk: Disk) {
    const key = hashOf(utf8(memory)).slice(0, 32);
    this.#folder = `${state}/memory/${key}`;
  }

  /**
   * Returns a name for an entry. Names sort by time; should the clock have gone back, the new one
   * sorts last nevertheless.
   */
  async newId(now: Date, random: Uint8Array): Promise<string> {
    const times = (await this.#names()).map(timeOf).filter(Number.isFinite);
    const time = Math.max(now.getTime(), ...times.map((time) => time + 1));
    const written = new Date(time).toISOString().replace(/[-:.]/g, "");
    return `${written}-${random.toHex()}`;
  }

  /** Writes an entry, which does not count until {@linkcode decide} is called. */
  async add(
    id: string,
    installation: Installation,
    copies: Map<string, Uint8Array>,
  ): Promise<void> {
    const folder = this.pathOf(id) + UNDECIDED;
    await this.disk.makeFolder(`${folder}/files`);
    for (const [name, bytes] of copies) {
      const path = `${folder}/files/${name}`;
      await this.disk.makeFolder(path.slice(0, path.lastIndexOf("/")));
      await this.disk.write(path, bytes);
    }
    const json = JSON.stringify(installation, null, 1);
    await this.disk.write(`${folder}/record.json`, utf8(json));
  }

  /** Makes an entry count; may be repeated. */
  async decide(id: string): Promise<void> {
    const undecided = this.pathOf(id) + UNDECIDED;
    if (await lstatIfThere(undecided) === null) return;
    await this.disk.rename(undecided, this.pathOf(id));
  }

  /** Removes an entry, first its name; may be repeated. */
  async drop(id: string): Promise<void> {
    try {
      await this.disk.rename(this.pathOf(id), this.pathOf(id) + UNDECIDED);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await this.disk.removeFolder(this.pathOf(id) + UNDECIDED);
  }

  /**
   * Removes entries that were never decided on, and the oldest beyond
   * {@linkcode MAX_INSTALLATIONS}.
   */
  async tidy(): Promise<void> {
    const names = await this.#names();
    const decided = names.filter((name) => !name.endsWith(UNDECIDED));
    for (const name of decided.slice(0, -MAX_INSTALLATIONS)) {
      await this.drop(name);
    }
    for (const name of names) {
      if (!name.endsWith(UNDECIDED)) continue;
      await this.disk.removeFolder(`${this.#folder}/${name}`);
    }
  }

  /**
   * The last installation that can be taken back, or `null`.
   *
   * @throws {SpreadError} `PAYLOAD_UNREADABLE` when its entry is damaged.
   */
  async last(): Promise<{ id: string; installation: Installation } | null> {
    const names = await this.#names();
    const id = names.findLast((name) => !name.endsWith(UNDECIDED));
    if (id === undefined) return null;
    return {
      id,
      installation: await readInstallation(`${this.pathOf(id)}/record.json`),
    };
  }

  /**
   * Reads a file as it was before an installation.
   *
   * @param hash SHA-256 of the file.
   * @throws {SpreadError} `PAYLOAD_UNREADABLE` when the copy is damaged.
   */
  async copy(id: string, name: string, hash: string): Promise<Uint8Array> {
    const path = `${this.pathOf(id)}/files/${name}`;
    try {
      const bytes = await Deno.readFile(path);
      if (hashOf(bytes) === hash) return bytes;
    } catch (cause) {
      throw damaged(path, cause);
    }
    throw damaged(path);
  }

  /** Path of the entry of an installation. */
  pathOf(id: string): string {
    return `${this.#folder}/${id}`;
  }

  async #names(): Promise<string[]> {
    try {
      const entries = await Array.fromAsync(Deno.readDir(this.#folder));
      return entries.map((entry) => entry.name).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }
}

async function readInstallation(path: string): Promise<Installation> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_ENTRY_BYTES) throw new RangeError("The record is too long");
    return v.parse(
      InstallationSchema,
      JSON.parse(await Deno.readTextFile(path)),
    );
  } catch (cause) {
    throw new SpreadError(
      "PAYLOAD_UNREADABLE",
      `Cannot read "${path}", the record of an installation`,
      'To undo earlier installations, move it and the folder "files" beside it away; that folder holds the memory as it was before',
      { cause },
    );
  }
}

function damaged(path: string, cause?: unknown): SpreadError {
  return new SpreadError(
    "PAYLOAD_UNREADABLE",
    `Cannot undo the installation: the copy "${path}" is missing or was changed`,
    "Use the other copies of the earlier memory, which are beside it; nothing was changed",
    { cause },
  );
}

/** The time in the name of an entry, in ms; `NaN` for any other name. */
function timeOf(name: string): number {
  const [, ...parts] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-/.exec(name) ?? [];
  const [year, month, ...rest] = parts.map(Number);
  return Date.UTC(year!, month! - 1, ...rest);
}
