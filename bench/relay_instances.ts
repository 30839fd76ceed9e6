/**
 * Two instances of the relay in one process, over one Deno KV database: who makes a room goes
 * to one, who joins it to the other. A database on SQLite tells its changes to the process
 * that made them, so they share it.
 *
 * Usage: `relay_instances.ts PATH`; prints `port N and M`.
 *
 * @module
 */

import { readConfig } from "../relay/config.ts";
import { openStore } from "../relay/kv/store.ts";
import { startRelay } from "../relay/start.ts";
import { NO_LIMITS } from "./relay_targets.ts";

const store = openStore(await Deno.openKv(Deno.args[0]));

async function start(): Promise<number> {
  const settings: Record<string, string> = {
    ...NO_LIMITS,
    RELAY_PORT: "0",
    RELAY_HOST: "127.0.0.1",
    RELAY_BACKEND: "kv",
  };
  let port = NaN;
  await startRelay(readConfig((name) => settings[name]), {
    version: "0.0.0",
    now: () => performance.now(),
    wallClock: () => Date.now(),
    fillRandom: (bytes) => crypto.getRandomValues(bytes),
    residentBytes: () => Deno.memoryUsage().rss,
    log: (line) => {
      if (line.event === "started") port = Number(line.port);
    },
  }, { store });
  return port;
}

const [first, second] = [await start(), await start()];
console.log(`port ${first} and ${second}`);
