/**
 * Installation of received memory. Before it changes anything, it copies the whole memory
 * (`history.ts`).
 *
 * @module
 */

import { utf8 } from "../../bytes.ts";
import { cannotStore } from "../../files/cannot_store.ts";
import { type FileChange, hashOf } from "../change/file_state.ts";
import {
  HeldMemory,
  localTexts,
  type MemoryPlace,
  type SetAside,
} from "./held_memory.ts";
import type { Installation } from "./history.ts";
import { type MergeInput, type MergePlan, planMerge } from "../merge.ts";
import { INDEX_NAME, isIndex } from "../text.ts";

/** The outcome of an installation. */
export interface Installed {
  plan: MergePlan;
  /** Path of the copy of the earlier memory; `null` when nothing changed. */
  backup: string | null;
  setAside: SetAside;
}

/** A plan that was made before, and the texts that it was made for. */
export interface Agreed {
  local: Map<string, string>;
  plan: MergePlan;
}

/**
 * Installs received memory.
 *
 * @param agreed A plan of the same input; it holds as long as the memory here has not changed.
 * @throws {SpreadError} `MEMORY_BUSY`, `MEMORY_UNUSABLE`, `CANNOT_STORE`,
 *   `PAYLOAD_UNREADABLE` (the local memory). The memory is then as it was, or the next
 *   command on it finishes this one.
 */
export async function installMemory(
  place: MemoryPlace,
  input: Omit<MergeInput, "local">,
  agreed?: Agreed,
): Promise<Installed> {
  await using memory = await HeldMemory.take(place);
  const { files, history, setAside } = memory;
  const local = localTexts(files);
  const plan = agreed !== undefined && isSame(local, agreed.local)
    ? agreed.plan
    : planMerge({ ...input, local });
  if (plan.writes.size === 0) return { plan, backup: null, setAside };
  const changes = indexLast(plan.writes).map(([name, text]) => ({
    name,
    before: memory.hash(name),
    content: utf8(text),
  }));
  const now = place.now();
  const id = await history.newId(now, place.fillRandom(new Uint8Array(8)));
  const installation = installationOf(place.folder, input, plan, changes, now);
  try {
    await history.add(id, installation, files);
  } catch (cause) {
    await history.tidy().catch(() => {});
    throw cannotStore(history.pathOf(id), cause);
  }
  await memory.change(changes, { record: id, undoes: false });
  return { plan, backup: history.pathOf(id), setAside };
}

function isSame(a: Map<string, string>, b: Map<string, string>): boolean {
  return a.size === b.size &&
    [...a].every(([name, text]) => b.get(name) === text);
}

/** The writes in order: the index, which links to the other files, comes last. */
function indexLast(writes: Map<string, string>): [string, string][] {
  const all = [...writes];
  return [
    ...all.filter(([name]) => !isIndex(name)),
    ...all.filter(([name]) => isIndex(name)),
  ];
}

function installationOf(
  folder: string,
  { provenance: { sender, project } }: Pick<MergeInput, "provenance">,
  plan: MergePlan,
  changes: FileChange[],
  now: Date,
): Installation {
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
