/**
 * Payloads that are left: partial downloads (`lib/files/partial_file.ts`), and those that a share
 * has packed or read from its input (`lib/files/spool.ts`).
 *
 * @module
 */

import {
  DAY_MS,
  entriesOf,
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
  const found = (await entriesOf(folder))
    .filter(({ name, info }) => info.isFile && PARTIAL.test(name));
  return await Promise.all(
    found.map((entry) =>
      isIdle(entry, now, DAY_MS)
        ? idleOf("partial download", entry)
        : itemOf("partial download that can go on", entry)
    ),
  );
}

/** Finds payloads of shares; those whose share was killed are left over. */
export async function findSpooled(folder: string, now: Date): Promise<Item[]> {
  const found = (await entriesOf(folder))
    .filter(({ name, info }) => info.isFile && SPOOLED.test(name));
  return await Promise.all(
    found.map((entry) =>
      isIdle(entry, now, MOMENT_MS)
        ? idleOf("payload of a share that is gone", entry)
        : itemOf("payload of a share", entry)
    ),
  );
}
