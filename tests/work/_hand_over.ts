/**
 * Work that is packed in one checkout and opened beside another one.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { NoWork, PackedWork } from "../../lib/work/pack/pack_work.ts";
import type { Repository } from "../support/repository.ts";
import type { Bench, PackingOptions } from "./_checkout.ts";
import { snapshot } from "../support/snapshot.ts";

/** Packs work, and checks that nothing of the checkout changes, its repository included. */
export async function pack(
  bench: Bench,
  sender: Repository,
  options: PackingOptions = {},
): Promise<PackedWork | NoWork> {
  const before = await snapshot(sender.folder);
  try {
    return await bench.pack(sender, options);
  } finally {
    assertEquals(await snapshot(sender.folder), before);
  }
}

/** Packs work that there is, and opens it; nothing of the sender's checkout changes. */
export async function handOver(
  bench: Bench,
  sender: Repository,
  receiver: Repository,
  options: PackingOptions = {},
): Promise<{ packed: PackedWork; opened: Repository }> {
  const packed = await pack(bench, sender, options);
  if (packed.header === null) throw new Error("There is no work");
  return { packed, opened: await bench.open(packed, receiver) };
}

/** Files that stay behind, as `path: reason`. */
export function behind({ leftOut }: PackedWork | NoWork): string[] {
  return leftOut.map(({ path, reason }) => `${path}: ${reason}`);
}

/** Checks that a checkout has the same commit, state and files as another one. */
export async function assertSame(
  opened: Repository,
  sender: Repository,
): Promise<void> {
  const [one, other] = await Promise.all(
    [opened, sender].map(async (checkout) => ({
      head: await checkout.git("rev-parse", "HEAD"),
      status: await checkout.status(),
      files: await snapshot(checkout.folder, (path) => path === ".git"),
    })),
  );
  assertEquals(one, other);
}
