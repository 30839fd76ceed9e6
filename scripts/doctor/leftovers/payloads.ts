/**
 * Payloads that are left: partial downloads (`lib/files/payload/partial_file.ts`), and those that a share
 * has packed or read from its input (`lib/files/payload/spool.ts`).
 *
 * @module
 */

import {
  DAY_MS,
  entriesOf,
  type FolderEntry,
  idleOf,
  isIdle,
  type Item,
  itemOf,
  MOMENT_MS,
} from "./item.ts";

const PARTIAL = /^[0-9a-f]{64}(?:\.[0-9a-f-]{36})?$/;
const SPOOLED = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Finds partial downloads. One that nothing was written to for a day is left over: by then the share
 * that it came from has ended, and what waits at a relay can be fetched from its beginning.
 */
export async function findPartial(folder: string, now: Date): Promise<Item[]> {
  const [idle, used] = ["partial download", "partial download that can go on"];
  return await findFiles(
    folder,
    PARTIAL,
    (entry) =>
      isIdle(entry, now, DAY_MS) ? idleOf(idle, entry) : itemOf(used, entry),
  );
}

/** Finds payloads of shares; those whose share was killed are left over. */
export async function findSpooled(folder: string, now: Date): Promise<Item[]> {
  const [idle, used] = [
    "payload of a share that is gone",
    "payload of a share",
  ];
  return await findFiles(
    folder,
    SPOOLED,
    (entry) =>
      isIdle(entry, now, MOMENT_MS) ? idleOf(idle, entry) : itemOf(used, entry),
  );
}

/** The files of a folder whose names are of a form, as items. */
async function findFiles(
  folder: string,
  form: RegExp,
  toItem: (entry: FolderEntry) => Promise<Item>,
): Promise<Item[]> {
  const entries = await entriesOf(folder);
  return await Promise.all(
    entries.filter(({ name, info }) => info.isFile && form.test(name))
      .map(toItem),
  );
}
