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
  const server = config.backend === "kv"
    ? await makeShared(config, environment, options)
    : new RelayServer(
      config,
      config.secret || randomHex(environment),
      environment,
    );
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

/** Makes a server that shares its rooms through Deno KV. */
async function makeShared(
  config: RelayConfig,
  environment: Environment,
  options: StartOptions,
): Promise<RelayServer> {
  let kv: Deno.Kv | null = null;
  try {
    if (options.store === undefined) {
      kv = await Deno.openKv(config.kvPath || undefined);
    }
    const store = options.store ?? openStore(kv!);
    return await share(config, environment, store, kv, options.times);
  } catch (cause) {
    kv?.close();
    throw new SpreadError(
      "USAGE",
      `Cannot use the Deno KV database${reasonOf(cause)}`,
      "Check RELAY_KV_PATH, or set RELAY_BACKEND=memory",
      { cause },
    );
  }
}

async function share(
  config: RelayConfig,
  environment: Environment,
  store: Store,
  kv: Deno.Kv | null,
  times?: Partial<DirectoryTimes>,
): Promise<RelayServer> {
  const secret = config.secret ||
    await shareSecret(store, randomHex(environment));
  const server = new RelayServer(config, secret, environment);
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
  } catch (error) {
    await server.stop();
    throw error;
  }
  if (kv !== null) server.closeWith(closing(kv));
  return server;
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
