/**
 * A relay in this process, for tests.
 *
 * @module
 */

import { testEnvironment } from "./environment.ts";
import { readConfig, type RelayConfig } from "../config.ts";
import { openDrops } from "../open_drops.ts";
import { RelayServer } from "../server/server.ts";

/** A relay that listens on loopback. */
export interface LocalRelay extends AsyncDisposable {
  url: string;
  server: RelayServer;
  log: Record<string, unknown>[];
}

/**
 * A free port outside the range from which systems choose one for a connection, so that a relay
 * which was stopped can come back to it.
 */
function lastingPort(): number {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch {
      // Somebody has it.
    }
  }
}

/**
 * Starts a relay on a free port of 127.0.0.1, or on the port in `settings`; drops are kept in a
 * folder.
 */
export async function startLocalRelay(
  settings: Partial<RelayConfig> = {},
): Promise<LocalRelay> {
  const log: Record<string, unknown>[] = [];
  const config: RelayConfig = {
    ...readConfig(() => undefined),
    host: "127.0.0.1",
    port: settings.port ?? lastingPort(),
    ...settings,
  };
  const environment = testEnvironment((line) => log.push(line));
  const server = new RelayServer(
    config,
    config.secret || "test secret",
    environment,
  );
  if (config.drops !== null) {
    const { metrics } = server.hub;
    const options = { ...environment, secret: "test secret", metrics };
    server.useDrops(await openDrops(config.drops, null, options));
  }
  const { port } = await server.listen();
  return {
    url: `ws://127.0.0.1:${port}`,
    server,
    log,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
