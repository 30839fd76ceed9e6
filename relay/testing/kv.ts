/**
 * Several instances of a relay on one database, for tests: real servers, and a store that can
 * delay, fail and count operations.
 *
 * @module
 */

import { testEnvironment } from "./environment.ts";
import { TestClient } from "./clients.ts";
import { readConfig, type RelayConfig } from "../config.ts";
import type { DirectoryTimes } from "../kv/directory.ts";
import {
  type Change,
  openStore,
  type Store,
  type StoredValue,
} from "../kv/store.ts";
import { EARLY_MS } from "../rooms/early_joins.ts";
import type { RelayServer } from "../server/server.ts";
import { startRelay } from "../start.ts";

/** Short intervals that keep tests fast, in milliseconds. */
export const QUICK = {
  beatMs: 150,
  liveMs: 1_200,
  lingerMs: 20_000,
  pollMs: 300,
} satisfies Partial<DirectoryTimes>;

/** A database in memory. */
export class TestDatabase implements Disposable {
  private constructor(readonly kv: Deno.Kv, readonly store: Store) {}

  static async open(): Promise<TestDatabase> {
    const kv = await Deno.openKv(":memory:");
    return new TestDatabase(kv, openStore(kv));
  }

  /** Entries whose key starts with `prefix`. */
  async entries(prefix: Deno.KvKey): Promise<Deno.KvEntry<unknown>[]> {
    return await Array.fromAsync(this.kv.list({ prefix }));
  }

  /** Bytes of all blocks in the database. */
  async pipeBytes(): Promise<number> {
    const blocks = await this.entries(["relay", "pipe"]);
    return blocks.reduce(
      (sum, { value }) => sum + (value as Uint8Array).length,
      0,
    );
  }

  [Symbol.dispose](): void {
    this.kv.close();
  }
}

/** A store between an instance and the database that misbehaves as the test asks. */
export class TestStore implements Store {
  /** Delay of every operation, in milliseconds. */
  delayMs = 0;
  /** Number of operations that will fail next, before or after they took effect. */
  failures = 0;
  /** Whether every operation fails and watches report nothing. */
  isDown = false;
  /** Whether watches report nothing. */
  isDeaf = false;
  /** Operations, and bytes of the blocks that have been written. */
  readonly counts = { read: 0, list: 0, commit: 0, blockBytes: 0 };

  constructor(private readonly store: Store) {}

  read(keys: Deno.KvKey[]): Promise<StoredValue[]> {
    this.counts.read++;
    return this.#act(() => this.store.read(keys));
  }

  list(
    start: Deno.KvKey,
    end: Deno.KvKey,
    limit: number,
  ): Promise<StoredValue[]> {
    this.counts.list++;
    return this.#act(() => this.store.list(start, end, limit));
  }

  async commit(change: Change): Promise<boolean> {
    this.counts.commit++;
    const isDone = await this.#act(() => this.store.commit(change));
    for (const { value } of change.sets ?? []) {
      if (value instanceof Uint8Array) this.counts.blockBytes += value.length;
    }
    return isDone;
  }

  async watch(
    key: Deno.KvKey,
    signal: AbortSignal,
    take: (entry: StoredValue) => void,
  ): Promise<void> {
    if (this.isDown) throw new Error("The database is down");
    await this.store.watch(key, signal, (entry) => {
      if (!this.isDown && !this.isDeaf) take(entry);
    });
  }

  async #act<T>(act: () => Promise<T>): Promise<T> {
    if (this.delayMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    }
    if (this.isDown) throw new Error("The database is down");
    if (this.failures <= 0) return await act();
    // Applied and yet failed, as when an answer gets lost.
    if (this.failures-- % 2 === 0) await act();
    throw new Error("The database fails");
  }
}

/** An instance that listens on loopback. */
export interface Instance extends AsyncDisposable {
  url: string;
  server: RelayServer;
  store: TestStore;
}

/** Starts an instance on `database`. */
export async function startInstance(
  database: TestDatabase,
  settings: Partial<RelayConfig> = {},
  times: Partial<DirectoryTimes> = {},
): Promise<Instance> {
  const store = new TestStore(database.store);
  let port = 0;
  /** So that nobody waits for rooms as after a start. */
  let aheadMs = 0;
  const config: RelayConfig = {
    ...readConfig(() => undefined),
    host: "127.0.0.1",
    port: 0,
    backend: "kv",
    ...settings,
  };
  const server = await startRelay(config, {
    ...testEnvironment((line) => port = Number(line.port ?? port)),
    now: () => performance.now() + aheadMs,
  }, { store, times: { ...QUICK, ...times } });
  aheadMs = EARLY_MS;
  return {
    url: `ws://127.0.0.1:${port}`,
    server,
    store,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** A room, its sender, and the token that resumes it. */
export interface TestRoom extends AsyncDisposable {
  sender: TestClient;
  code: string;
  token: string;
}

/** Creates a room on an instance. */
export async function makeRoom(url: string): Promise<TestRoom> {
  const sender = await TestClient.open(url);
  const created = await sender.ask({ type: "CREATE_ROOM", protocol: 2 });
  return {
    sender,
    code: String(created.room_id),
    token: String(created.resume_token),
    [Symbol.asyncDispose]: async () => {
      await sender.close();
    },
  };
}

/** Joins a room through an instance; returns after the sender has heard of it. */
export async function joinRoom(
  url: string,
  { sender, code }: TestRoom,
): Promise<TestClient> {
  const receiver = await TestClient.open(url);
  const joined = await receiver.ask(
    { type: "JOIN_ROOM", room_id: code, protocol: 2 },
  );
  if (joined.type !== "ROOM_JOINED") throw new Error(JSON.stringify(joined));
  const told = await sender.said();
  if (told.type !== "PEER_JOINED") throw new Error(JSON.stringify(told));
  return receiver;
}

/** Runs a test with a room on instance A and a receiver on instance B. */
export async function inPair(
  test: (pair: {
    database: TestDatabase;
    a: Instance;
    b: Instance;
    room: TestRoom;
    receiver: TestClient;
  }) => Promise<void>,
): Promise<void> {
  using database = await TestDatabase.open();
  await using a = await startInstance(database);
  await using b = await startInstance(database);
  await using room = await makeRoom(a.url);
  await using receiver = await joinRoom(b.url, room);
  await test({ database, a, b, room, receiver });
}

/** The next message, which must come from the peer. */
export async function nextBinary(client: TestClient): Promise<Uint8Array> {
  const message = await client.next();
  if (message instanceof Uint8Array) return message;
  throw new Error(message);
}
