/**
 * The relay as a program: at home (`deno task relay`) and as the entry point on Deno Deploy.
 *
 * @module
 */

import { SpreadError } from "../lib/errors.ts";
import deno from "../deno.json" with { type: "json" };
import { readConfig } from "./config.ts";
import { startRelay } from "./start.ts";

const USAGE =
  `Starts a relay for Claude Spread. Everything is set by the environment,
RELAY_PORT and RELAY_HOST first of all; RELAY_SERVER_SPEC.md lists the rest.

Usage: deno task relay
`;

if (Deno.args.length > 0) {
  const isHelp = ["--help", "-h"].includes(Deno.args[0]!);
  console[isHelp ? "log" : "error"](USAGE);
  Deno.exit(isHelp ? 0 : 2);
}

try {
  const config = readConfig((name) => Deno.env.get(name));
  const server = await startRelay(config, {
    version: deno.version,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    fillRandom: (bytes) => crypto.getRandomValues(bytes),
    residentBytes: () => Deno.memoryUsage().rss,
    log: (line) =>
      console.log(JSON.stringify({ time: new Date().toISOString(), ...line })),
  });
  let isEnding = false;
  const end = () => {
    // Whoever asks twice does not want to wait.
    if (isEnding) Deno.exit(130);
    isEnding = true;
    void server.stop().then(() => Deno.exit(0));
  };
  Deno.addSignalListener("SIGINT", end);
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", end);
} catch (error) {
  if (!(error instanceof SpreadError)) throw error;
  console.error(`relay: error: ${error.message}`);
  console.error(`relay: hint: ${error.hint}`);
  Deno.exit(2);
}
