/**
 * Starts a relay: the server and, for several instances, the directory of their rooms.
 *
 * @module
 */

import { SpreadError } from "../lib/errors.ts";
import type { RelayConfig } from "./config.ts";
import { type DirectoryTimes, KvDirectory } from "./kv/directory.ts";
import { shareSecret } from "./kv/secret.ts";
import { openStore, type Store } from "./kv/store.ts";
import { openDrops } from "./open_drops.ts";
import type { Environment } from "./server/front.ts";
import { RelayServer } from "./server/server.ts";

/** Replacements that tests pass. */
export interface StartOptions {
  /** Replaces the database that the configuration names. */
  store?: Store;
  times?: Partial<DirectoryTimes>;
}

/**
 * @returns The server, already listening; its addresses are in the log.
 * @throws {SpreadError} `CANNOT_LISTEN` when the port cannot be used; `USAGE` when the database
 * cannot be opened.
 */
export async function startRelay(
  config: RelayConfig,
  environment: Environment,
  options: StartOptions = {},
): Promise<RelayServer> {
  const database = await openDatabase(config, options.store);
  const server = await makeServer(config, environment, database, options);
  try {
    const { port, addresses } = await server.listen();
    environment.log({
      event: "started",
      port,
      addresses,
      version: environment.version,
      backend: config.backend,
    });
    return server;
  } catch (cause) {
    await server.stop();
    throw cannotListen(config, cause);
  }
}

function cannotListen(
  { port, serveAddress }: RelayConfig,
  cause: unknown,
): SpreadError {
  const [where, hint] = serveAddress === ""
    ? [`port ${port}`, "Check that it is free, or set RELAY_PORT"]
    : [
      `DENO_SERVE_ADDRESS="${serveAddress}"${
        serveAddress.startsWith("duplicate,") ? ` and port ${port}` : ""
      }`,
      "Check that nothing else listens there, remove a leftover socket file, or name another address",
    ];
  return new SpreadError(
    "CANNOT_LISTEN",
    `Cannot listen on ${where}${reasonOf(cause)}`,
    hint,
    { cause },
  );
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? `: ${cause.message}` : "";
}

/** A database, and the handle that closes it. */
interface Database {
  store: Store;
  kv: Deno.Kv | null;
}

/** Opens Deno KV if rooms or drops need it. */
async function openDatabase(
  { backend, drops, kvPath }: RelayConfig,
  store?: Store,
): Promise<Database | null> {
  if (backend !== "kv" && drops?.place.kind !== "kv") return null;
  if (store !== undefined) return { store, kv: null };
  try {
    const kv = await Deno.openKv(kvPath || undefined);
    return { store: openStore(kv), kv };
  } catch (cause) {
    throw cannotUseKv(cause);
  }
}

async function makeServer(
  config: RelayConfig,
  environment: Environment,
  database: Database | null,
  { times }: StartOptions,
): Promise<RelayServer> {
  const secret = await secretOf(config, environment, database);
  const server = new RelayServer(config, secret, environment);
  try {
    if (config.backend === "kv") {
      await shareRooms(
        server,
        { config, environment, secret },
        database!,
        times,
      );
    }
    if (config.drops !== null) {
      const { metrics } = server.hub;
      const options = { ...environment, secret, metrics };
      const store = database?.store ?? null;
      server.useDrops(await openDrops(config.drops, store, options));
    }
  } catch (error) {
    await server.stop();
    database?.kv?.close();
    throw error;
  }
  if (database?.kv) server.closeWith(closing(database.kv));
  return server;
}

async function secretOf(
  { secret }: RelayConfig,
  environment: Environment,
  database: Database | null,
): Promise<string> {
  const fresh = randomHex(environment);
  if (secret !== "" || database === null) return secret || fresh;
  try {
    return await shareSecret(database.store, fresh);
  } catch (cause) {
    database.kv?.close();
    throw cannotUseKv(cause);
  }
}

/** Shares the rooms of a server with other instances, through Deno KV. */
async function shareRooms(
  server: RelayServer,
  { config, environment, secret }: {
    config: RelayConfig;
    environment: Environment;
    secret: string;
  },
  { store }: Database,
  times?: Partial<DirectoryTimes>,
): Promise<void> {
  try {
    const { maxMessageBytes } = config;
    const directory = await KvDirectory.open(
      {
        store,
        secret,
        maxMessageBytes,
        now: () => environment.now(),
        fillRandom: (bytes) => environment.fillRandom(bytes),
      },
      server.hub,
      times,
    );
    server.hub.useDirectory(directory);
    server.closeWith(directory);
  } catch (cause) {
    throw cannotUseKv(cause);
  }
}

function cannotUseKv(cause: unknown): SpreadError {
  return new SpreadError(
    "USAGE",
    `Cannot use the Deno KV database${reasonOf(cause)}`,
    "Check RELAY_KV_PATH, or set RELAY_BACKEND=memory and leave out RELAY_DROPS=kv",
    { cause },
  );
}

function closing(kv: Deno.Kv): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: () => {
      kv.close();
      return Promise.resolve();
    },
  };
}

function randomHex(environment: Environment): string {
  return environment.fillRandom(new Uint8Array(32)).toHex();
}
