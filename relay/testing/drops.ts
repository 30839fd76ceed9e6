/**
 * Drops for tests: on a folder or on Deno KV, with a clock that the test sets.
 *
 * @module
 */

import { type DropsConfig, readConfig } from "../config.ts";
import type { DropStore } from "../drops/drop_store.ts";
import { Drops, type IncomingPart } from "../drops/drops.ts";
import { PART_BYTES, partCount } from "../drops/drop_row.ts";
import { FolderStore } from "../drops/folder_store.ts";
import { KvDropStore } from "../drops/kv_store.ts";
import { Metrics } from "../metrics.ts";
import { TestDatabase } from "./kv.ts";

/** Names of the stores that every test of the rules runs on. */
export const STORES = ["FolderStore", "KvDropStore"] as const;

/** Small limits, and none on rates. */
export const CONFIG: DropsConfig = {
  ...readConfig((name) => name === "RELAY_DROPS" ? "kv" : undefined).drops!,
  requestsPerMinute: 1e6,
  createsPerMinute: 1e6,
};

/** Drops on a store of their own. */
export class DropStage implements AsyncDisposable {
  readonly log: Record<string, unknown>[] = [];
  readonly metrics = new Metrics();
  readonly drops: Drops;
  /** Milliseconds since 1970. */
  nowMs = 1_800_000_000_000;

  constructor(
    readonly store: DropStore,
    config: DropsConfig,
    private readonly dispose: () => Promise<void> | void,
  ) {
    this.drops = new Drops({
      config,
      store,
      secret: "key of the tests",
      metrics: this.metrics,
      now: () => this.nowMs,
      wallClock: () => this.nowMs,
      log: (line) => this.log.push(line),
    });
  }

  static async open(
    name: (typeof STORES)[number],
    limits: Partial<DropsConfig> = {},
  ): Promise<DropStage> {
    const config = { ...CONFIG, ...limits };
    if (name === "KvDropStore") {
      const database = await TestDatabase.open();
      const store = new KvDropStore(database.store, config, Date.now);
      return new DropStage(store, config, () => database.kv.close());
    }
    const folder = await Deno.makeTempDir();
    const store = await FolderStore.open(folder, config);
    const dispose = () => Deno.remove(folder, { recursive: true });
    return new DropStage(store, config, dispose);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drops[Symbol.asyncDispose]();
    await this.dispose();
  }
}

/** A drop of a test: its id, secrets and bytes. */
export interface TestDrop {
  id: string;
  takeToken: string;
  deleteToken: string;
  bytes: Uint8Array;
}

/** Makes a drop from a number, which its id and tokens repeat. */
export function testDrop(number: number, size: number): TestDrop {
  const hex = number.toString(16).padStart(8, "0");
  return {
    id: hex.repeat(4),
    takeToken: `a${hex.slice(1)}`.repeat(8),
    deleteToken: `d${hex.slice(1)}`.repeat(8),
    bytes: Uint8Array.from({ length: size }, (_, i) => (i * 7 + number) % 256),
  };
}

/** The request that leaves one part. */
export function leaving(
  drop: TestDrop,
  part: number,
  { address = "192.0.2.1", ttlMs }: { address?: string; ttlMs?: number } = {},
): IncomingPart {
  const { id, deleteToken, takeToken, bytes } = drop;
  return {
    id,
    part,
    deleteToken,
    address,
    body: bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES),
    ...part === 0 && { drop: { takeToken, bytes: bytes.length, ttlMs } },
  };
}

/** Leaves a whole drop. */
export async function leaveAll(
  drops: Drops,
  drop: TestDrop,
  options: { address?: string; ttlMs?: number } = {},
): Promise<void> {
  for (let part = 0; part < partCount(drop.bytes.length); part++) {
    await drops.leave(leaving(drop, part, options));
  }
}

/** Takes all parts of a drop. */
export async function takeAll(
  drops: Drops,
  { id, takeToken, bytes }: TestDrop,
  taking: string,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let part = 0; part < partCount(bytes.length); part++) {
    parts.push(await drops.take(id, part, { takeToken, taking }));
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}
