/**
 * Undo of the last installation of memory.
 *
 * @module
 */

import { utf8 } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import { lstatIfThere } from "../../files/obstacles.ts";
import { siblingName } from "../../files/safe_name.ts";
import { EDITED } from "../change/held_folder.ts";
import { type FileChange } from "../change/file_state.ts";
import { decodeMemory } from "../folder.ts";
import {
  HeldMemory,
  localTexts,
  type MemoryPlace,
  type SetAside,
} from "./held_memory.ts";
import { type Installation, InstallHistory } from "./history.ts";
import { linkTargets } from "../index/links.ts";
import { appendReceived, headingOf } from "../index/received_section.ts";
import { type Reduced, takeBack } from "../index/take_back.ts";
import { isIndex } from "../text.ts";

/** The outcome of an undo. */
export interface Undone {
  installation: Installation;
  /** Names of files that are as before the installation. */
  restored: string[];
  /** Files that were edited since and therefore stay, by their names now. */
  kept: string[];
  /**
   * The lines that could not be told from the user's, when the index was edited since and only
   * the added lines were removed; `null` when it is as before.
   */
  index: Omit<Reduced, "index"> | null;
  setAside: SetAside;
}

/**
 * Takes the last installation back. Files that were edited since are kept: an added file
 * stays, a replaced one moves beside the old one, and only the added lines leave the
 * index.
 *
 * @throws {SpreadError} `NOTHING_TO_UNDO`, and as `installMemory()`.
 */
export async function undoInstall(place: MemoryPlace): Promise<Undone> {
  await requireSomething(place);
  await using memory = await HeldMemory.take(place);
  const last = await memory.history.last();
  if (last === null) throw nothingToUndo(place.folder);
  const undoing = new Undoing(memory, last.id, last.installation);
  for (const change of last.installation.changes) await undoing.plan(change);
  await memory.change(undoing.indexFirst(), { record: last.id, undoes: true });
  return undoing.result;
}

/** The undo of one installation, planned file by file, the index last. */
class Undoing {
  readonly result: Undone;
  readonly #changes: FileChange[] = [];

  constructor(
    private readonly memory: HeldMemory,
    private readonly id: string,
    installation: Installation,
  ) {
    this.result = {
      installation,
      restored: [],
      kept: [],
      index: null,
      setAside: memory.setAside,
    };
  }

  async plan(change: Installation["changes"][number]): Promise<void> {
    const { name, before, after } = change;
    const now = this.memory.hash(name);
    if (now === before) return;
    const old = before === null
      ? null
      : await this.memory.history.copy(this.id, name, before);
    if (now === after || now === null) return this.#restore(name, now, old);
    if (isIndex(name)) return this.#reduceIndex(name, now, old);
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

  /** The changes in order: the index first, so that no link is left to a file that goes. */
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

  #reduceIndex(name: string, now: string, old: Uint8Array | null): void {
    const { installation } = this.result;
    const kept = new Set(this.result.kept);
    const heading = headingOf(installation);
    const before = old === null ? "" : decodeMemory(old)!;
    const { index, ...rest } = takeBack(
      localTexts(this.memory.files).get(name)!,
      {
        heading,
        before,
        after: appendReceived(before, heading, installation.indexGains),
        isKept: (text) => linkTargets(text).some((target) => kept.has(target)),
      },
    );
    this.#changes.push({ name, before: now, content: utf8(index) });
    this.result.index = rest;
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

/** Refuses a missing folder before it is locked, because that makes it, unless files go back there. */
async function requireSomething(
  { folder, state, disk }: MemoryPlace,
): Promise<void> {
  if (await lstatIfThere(folder) !== null) return;
  const last = await new InstallHistory(state, folder, disk).last();
  if (last === null) throw nothingToUndo(folder);
}

function nothingToUndo(folder: string): SpreadError {
  return new SpreadError(
    "NOTHING_TO_UNDO",
    `There is no installation to undo in "${folder}"`,
    "Check the folder; only its last ten installations can be undone",
  );
}
