/**
 * Two instances of the relay in one process on one Deno KV database: senders connect to one,
 * receivers to the other. They share the process because KV on SQLite reports changes only to the
 * process that made them.
 *
 * Usage: `relay_instances.ts PATH`; prints `port N and M`.
 *
 * @module
 */

import { testEnvironment } from "../relay/testing/environment.ts";
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
  await startRelay(
    readConfig((name) => settings[name]),
    testEnvironment((line) => {
      if (line.event === "started") port = Number(line.port);
    }),
    { store },
  );
  return port;
}

const [first, second] = [await start(), await start()];
console.log(`port ${first} and ${second}`);
