/**
 * Opens the drops of a relay, in the place that the settings name.
 *
 * @module
 */

import { SpreadError } from "../lib/errors.ts";
import type { DropsConfig } from "./config.ts";
import type { DropStore } from "./drops/drop_store.ts";
import { Drops, type DropsOptions } from "./drops/drops.ts";
import type { Store } from "./kv/store.ts";

/**
 * Opens the drops.
 *
 * @param database Needed for drops in Deno KV.
 * @throws {SpreadError} `USAGE` when the folder cannot be used.
 */
export async function openDrops(
  config: DropsConfig,
  database: Store | null,
  options: Omit<DropsOptions, "config" | "store">,
): Promise<Drops> {
  const store = await openDropStore(config, database, options.now);
  return new Drops({ ...options, config, store });
}

/** Loads only the store in use. */
async function openDropStore(
  config: DropsConfig,
  database: Store | null,
  now: () => number,
): Promise<DropStore> {
  const { place } = config;
  if (place.kind === "kv") {
    const { KvDropStore } = await import("./drops/kv_store.ts");
    return new KvDropStore(database!, config, now);
  }
  const { FolderStore } = await import("./drops/folder_store.ts");
  try {
    return await FolderStore.open(place.path, config);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SpreadError(
      "USAGE",
      `Cannot keep drops in the folder "${place.path}": ${reason}`,
      "Check RELAY_DROPS, and that Deno may read and write the folder",
      { cause },
    );
  }
}
