/**
 * A relay in this process, for tests.
 *
 * @module
 */

import { testEnvironment } from "./environment.ts";
import { readConfig, type RelayConfig } from "../config.ts";
import { RelayServer } from "../server/server.ts";

/** A relay that listens on loopback. */
export interface LocalRelay extends AsyncDisposable {
  url: string;
  server: RelayServer;
  log: Record<string, unknown>[];
}

/** Starts a relay on a free port of 127.0.0.1, or on the port in `settings`. */
export async function startLocalRelay(
  settings: Partial<RelayConfig> = {},
): Promise<LocalRelay> {
  const log: Record<string, unknown>[] = [];
  const config: RelayConfig = {
    ...readConfig(() => undefined),
    host: "127.0.0.1",
    port: 0,
    ...settings,
  };
  const server = new RelayServer(
    config,
    config.secret || "test secret",
    testEnvironment((line) => log.push(line)),
  );
  const { port } = await server.listen();
  return {
    url: `ws://127.0.0.1:${port}`,
    server,
    log,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
