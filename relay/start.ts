/**
 * Starts a relay: the server, and what lets it find rooms of other instances.
 *
 * @module
 */

import { SpreadError } from "../lib/errors.ts";
import type { RelayConfig } from "./config.ts";
import { RelayServer, type ServerWorld } from "./server.ts";

/**
 * @returns The server, listening; the log has said where.
 * @throws {SpreadError} `CANNOT_LISTEN` when the port cannot be had.
 */
export async function startRelay(
  config: RelayConfig,
  world: ServerWorld,
): Promise<RelayServer> {
  const random = world.fillRandom(new Uint8Array(32));
  const secret = config.secret || random.toHex();
  const server = new RelayServer(config, secret, world);
  try {
    const port = await server.listen();
    world.log({
      event: "started",
      port,
      version: world.version,
      backend: config.backend,
    });
    return server;
  } catch (cause) {
    await server.stop();
    throw new SpreadError(
      "CANNOT_LISTEN",
      `Cannot listen on port ${config.port}`,
      "Check that it is free, or set RELAY_PORT",
      { cause },
    );
  }
}
