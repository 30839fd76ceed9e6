/**
 * The relay as a command: it reads the settings from the environment, logs to standard output and
 * ends on a signal. `main.ts` runs it alone; `claude-spread relay` is one command among several.
 *
 * @module
 */

import { SpreadError } from "../lib/errors.ts";
import deno from "../deno.json" with { type: "json" };
import { readConfig } from "./config.ts";
import { environmentOf } from "./environment.ts";
import type { RelayServer } from "./server/server.ts";
import { startRelay } from "./start.ts";

const USAGE =
  `Starts a relay for Claude Spread. Environment variables set everything,
above all RELAY_PORT and RELAY_HOST; RELAY_SERVER_SPEC.md lists the rest.

Usage: deno task relay
       claude-spread relay

To check a running relay: claude-spread relay --check [URL]
`;

/**
 * Time after the first signal during which further ones count as the same, in milliseconds: one
 * Ctrl+C arrives up to three times, from the terminal and twice from `deno task`.
 */
const SAME_SIGNAL_MS = 1_000;

/** Runs the relay. @returns The exit code, once the relay has ended. */
export async function main(args: string[]): Promise<number> {
  if (args.length > 0) {
    const isHelp = ["--help", "-h"].includes(args[0]!);
    console[isHelp ? "log" : "error"](USAGE);
    return isHelp ? 0 : 2;
  }
  try {
    return await untilEnded(start());
  } catch (error) {
    if (!(error instanceof SpreadError)) throw error;
    console.error(`relay: error: ${error.message}`);
    console.error(`relay: hint: ${error.hint}`);
    return 2;
  }
}

async function start(): Promise<RelayServer> {
  const config = readConfig((name) => Deno.env.get(name));
  return await startRelay(config, environmentOf(deno.version, log));
}

function log(line: Record<string, unknown>): void {
  if (line.event === "started" && Deno.stdout.isTerminal()) {
    greet(line.addresses as string[]);
  }
  console.log(JSON.stringify({ time: new Date().toISOString(), ...line }));
}

/** Prints the address for a person at a terminal, and a command that checks the relay. */
function greet(addresses: string[]): void {
  const address = addresses.find((address) => address.startsWith("tcp:"));
  if (address === undefined) return;
  // Nobody can connect to an address that stands for all.
  const place = address.slice("tcp:".length)
    .replace(/^(\[::\]|0\.0\.0\.0)(?=:\d+$)/, "127.0.0.1");
  console.log(
    `The relay listens at ws://${place}. To check it, in another terminal:\n` +
      `  claude-spread relay --check ws://${place}`,
  );
}

/**
 * Listens for signals from the start: one may come as soon as the log reports the start.
 *
 * @returns The exit code: 0 after an orderly end, 130 when a later signal cut it short.
 */
function untilEnded(starting: Promise<RelayServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    let endingMs: number | null = null;
    const end = () => {
      const nowMs = performance.now();
      if (endingMs !== null) {
        // A second signal means that the user does not want to wait.
        if (nowMs - endingMs >= SAME_SIGNAL_MS) resolve(130);
        return;
      }
      endingMs = nowMs;
      starting.then((server) => server.stop())
        .then(() => resolve(0), reject);
    };
    Deno.addSignalListener("SIGINT", end);
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", end);
    starting.catch(reject);
  });
}
