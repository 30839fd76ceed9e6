/**
 * Installing of received memory, and taking that back.
 *
 * Each is all or nothing, also when the process or the machine ends on the way: the next
 * one finishes what was decided and clears away what was not. Before anything is changed,
 * the whole memory is copied (`history.ts`).
 *
 * @module
 */

import { utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import type { Disk } from "../files/disk.ts";
import {
  EDITED,
  type FileChange,
  hashOf,
  HeldFolder,
  WORK_FOLDER,
} from "./change/held_folder.ts";
import type { Journal } from "./change/journal.ts";
import { takeBackBlocks } from "./index.ts";
import { headingOf } from "./index_merge.ts";
import { linkTargets } from "./links.ts";
import { type MergeInput, type MergePlan, planMerge } from "./merge.ts";
import { memoryTexts, readMemory } from "./folder.ts";
import { type InstallRecord, recordId, Records } from "./history.ts";
import { INDEX_NAME, isIndex } from "./text.ts";
import { siblingName } from "../files/safe_name.ts";
import { cannotStore } from "../files/cannot_store.ts";

/** Where memory is, and what is passed in of the world. */
export interface MemoryPlace {
  /** Real path of the memory folder; it may be missing. */
  folder: string;
  /** The state folder, for copies. */
  state: string;
  disk: Disk;
  now: () => Date;
  /** Eight random bytes for each name of a record. */
  fillRandom: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
}

/** What was installed. */
export interface Installed {
  plan: MergePlan;
  /** Where the memory of before is kept; `null` when nothing changed. */
  backup: string | null;
  setAside: SetAside;
}

/** Files that somebody wrote to at the last moment, and what they are called now. */
export type SetAside = [name: string, as: string][];

/** What was taken back. */
export interface Undone {
  record: InstallRecord;
  /** Names that are as before the installation. */
  restored: string[];
  /** Files that were edited since and therefore stay, under these names. */
  kept: string[];
  /** Whether the index was edited since, so that only what had been added was taken out. */
  isIndexEdited: boolean;
  setAside: SetAside;
}

/** A memory folder with its files, held until it is disposed of. */
class HeldMemory implements AsyncDisposable {
  private constructor(
    private readonly held: HeldFolder,
    readonly records: Records,
    /** Exact bytes by name. */
    readonly files: Map<string, Uint8Array>,
    readonly setAside: SetAside,
  ) {}

  /** Takes hold of the memory, after finishing what others were kept from finishing. */
  static async take(place: MemoryPlace): Promise<HeldMemory> {
    const { folder, state, disk } = place;
    const held = await HeldFolder.take(folder, disk);
    try {
      const records = new Records(state, folder, disk);
      const journal = await held.interrupted();
      const setAside = journal === null
        ? []
        : await finish(held, records, journal);
      await records.tidy();
      const memory = await readMemory(folder);
      const files = memory?.files ?? new Map();
      return new HeldMemory(held, records, files, setAside);
    } catch (error) {
      await held[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The SHA-256 of a file, or `null`. */
  hash(name: string): string | null {
    const bytes = this.files.get(name);
    return bytes === undefined ? null : hashOf(bytes);
  }

  async change(
    changes: FileChange[],
    about: Pick<Journal, "record" | "undoes">,
  ): Promise<void> {
    try {
      const journal = await this.held.prepare(changes, about);
      this.setAside.push(...await finish(this.held, this.records, journal));
    } catch (error) {
      // Nothing was decided, so nothing needs a record of it.
      if (await this.held.interrupted() === null) await this.records.tidy();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.held[Symbol.asyncDispose]();
  }
}

async function finish(
  held: HeldFolder,
  records: Records,
  journal: Journal,
): Promise<SetAside> {
  const { record, undoes } = journal;
  const settle = () => undoes ? records.drop(record) : records.decide(record);
  return await held.finish(journal, settle);
}

/**
 * Finishes what an earlier command was kept from finishing, if anything, so that the memory
 * can be read. Otherwise nothing is touched.
 *
 * @throws {SpreadError} `MEMORY_BUSY`, `CANNOT_STORE`.
 */
export async function settleMemory(place: MemoryPlace): Promise<void> {
  try {
    await Deno.lstat(`${place.folder}/${WORK_FOLDER}`);
  } catch {
    return;
  }
  await using _memory = await HeldMemory.take(place);
}

/** The texts of a memory, for merging; those that are no text differ from every text. */
export function localTexts(
  files: Map<string, Uint8Array>,
): Map<string, string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const texts = new Map(
    Array.from(files, ([name, bytes]) => [name, decoder.decode(bytes)]),
  );
  // What is merged has to be understood.
  for (const [name, bytes] of files) {
    if (!isIndex(name)) continue;
    texts.set(name, memoryTexts(new Map([[name, bytes]])).get(name)!);
  }
  return texts;
}

/**
 * Installs received memory.
 *
 * @throws {SpreadError} `MEMORY_BUSY`, `MEMORY_UNUSABLE`, `CANNOT_STORE`,
 *   `PAYLOAD_UNREADABLE` (the memory here). The memory is then as it was, or the next
 *   command on it finishes this one.
 */
export async function installMemory(
  place: MemoryPlace,
  input: Omit<MergeInput, "local">,
): Promise<Installed> {
  await using memory = await HeldMemory.take(place);
  const { files, records, setAside } = memory;
  const plan = planMerge({ ...input, local: localTexts(files) });
  if (plan.writes.size === 0) return { plan, backup: null, setAside };
  const changes = indexLast(plan.writes).map(([name, text]) => ({
    name,
    before: memory.hash(name),
    content: utf8(text),
  }));
  const now = place.now();
  const id = recordId(now, place.fillRandom(new Uint8Array(8)));
  const record = recordOf(place.folder, input, plan, changes, now);
  try {
    await records.add(id, record, files);
  } catch (cause) {
    await records.tidy().catch(() => {});
    throw cannotStore(records.pathOf(id), cause);
  }
  await memory.change(changes, { record: id, undoes: false });
  return { plan, backup: records.pathOf(id), setAside };
}

/** What leads to the other files comes after them. */
function indexLast(writes: Map<string, string>): [string, string][] {
  const all = [...writes];
  return [
    ...all.filter(([name]) => !isIndex(name)),
    ...all.filter(([name]) => isIndex(name)),
  ];
}

function recordOf(
  folder: string,
  { provenance: { sender, project } }: Pick<MergeInput, "provenance">,
  plan: MergePlan,
  changes: FileChange[],
  now: Date,
): InstallRecord {
  return {
    version: 1,
    folder,
    at: now.toISOString(),
    sender,
    project,
    indexName: changes.map(({ name }) => name).find(isIndex) ?? INDEX_NAME,
    indexGains: plan.indexGains,
    changes: changes.map(({ name, before, content }) => ({
      name,
      before,
      after: hashOf(content!),
    })),
  };
}

/**
 * Takes the last installation back. What was edited since is kept: an added file stays, a
 * replaced one moves beside the old one, and of the index only what was added goes.
 *
 * @throws {SpreadError} `NOTHING_TO_UNDO`, and as {@linkcode installMemory}.
 */
export async function undoInstall(place: MemoryPlace): Promise<Undone> {
  await using memory = await HeldMemory.take(place);
  const last = await memory.records.last();
  if (last === null) throw nothingToUndo(place.folder);
  const undoing = new Undoing(memory, last.id, last.record);
  for (const change of last.record.changes) await undoing.plan(change);
  await memory.change(undoing.indexFirst(), { record: last.id, undoes: true });
  return undoing.result;
}

/** How an installation is taken back, file by file; the index comes last. */
class Undoing {
  readonly result: Undone;
  readonly #changes: FileChange[] = [];

  constructor(
    private readonly memory: HeldMemory,
    private readonly id: string,
    record: InstallRecord,
  ) {
    this.result = {
      record,
      restored: [],
      kept: [],
      isIndexEdited: false,
      setAside: memory.setAside,
    };
  }

  async plan(change: InstallRecord["changes"][number]): Promise<void> {
    const { name, before, after } = change;
    const now = this.memory.hash(name);
    if (now === before) return;
    const old = before === null
      ? null
      : await this.memory.records.copy(this.id, name, before);
    if (now === after || now === null) return this.#restore(name, now, old);
    if (isIndex(name)) return this.#reduceIndex(name, now);
    if (old === null) {
      this.result.kept.push(name);
      return;
    }
    const as = this.#freeName(name);
    const content = this.memory.files.get(name)!;
    this.#changes.push({ name: as, before: null, content });
    this.result.kept.push(as);
    this.#restore(name, now, old);
  }

  /** Nothing leads to a file any more when it goes. */
  indexFirst(): FileChange[] {
    return [
      ...this.#changes.filter(({ name }) => isIndex(name)),
      ...this.#changes.filter(({ name }) => !isIndex(name)),
    ];
  }

  #restore(name: string, now: string | null, old: Uint8Array | null): void {
    this.#changes.push({ name, before: now, content: old });
    this.result.restored.push(name);
  }

  #reduceIndex(name: string, now: string): void {
    const text = localTexts(this.memory.files).get(name)!;
    const kept = new Set(this.result.kept);
    const { record } = this.result;
    const gone = record.indexGains.filter((block) =>
      !linkTargets(block).some((target) => kept.has(target))
    );
    const rest = takeBackBlocks(text, headingOf(record), gone);
    this.#changes.push({ name, before: now, content: utf8(rest) });
    this.result.isIndexEdited = true;
  }

  #freeName(name: string): string {
    for (let count = 1;; count++) {
      const as = siblingName(name, EDITED, count);
      const isTaken = this.memory.files.has(as) ||
        this.#changes.some((change) => change.name === as);
      if (!isTaken) return as;
    }
  }
}

function nothingToUndo(folder: string): SpreadError {
  return new SpreadError(
    "NOTHING_TO_UNDO",
    `There is no installation in "${folder}" to take back`,
    "Copies are kept of the last ten installations in each memory folder",
  );
}
