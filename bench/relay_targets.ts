/**
 * The servers under measurement, each in a process: our relay as `deno task relay` starts it, the
 * bare servers, and two of either that are joined by Deno KV.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import { denoRun } from "./deno_run.ts";
import { MeasuredProcess } from "./process.ts";
import type { RoundsOptions } from "./report.ts";

const FOLDER = new URL("./", import.meta.url).pathname;
const RELAY = new URL("../relay/main.ts", import.meta.url).pathname;
const DENO_JSON = new URL("../deno.json", import.meta.url).pathname;

/** Modules that must be in the cache before the network goes away. */
export const RELAY_ENTRY_POINTS = [
  RELAY,
  `${FOLDER}relay_bare.ts`,
  `${FOLDER}drop_load.ts`,
];

/** Settings without effective limits: every connection of a benchmark comes from one address. */
export const NO_LIMITS = {
  RELAY_MAX_ROOMS: "1000000",
  RELAY_MAX_ROOMS_PER_ADDRESS: "1000000",
  RELAY_MAX_CONNECTIONS: "1000000",
  RELAY_MAX_CONNECTIONS_PER_ADDRESS: "1000000",
  RELAY_CREATES_PER_MINUTE: "1000000",
  RELAY_JOINS_PER_MINUTE: "1000000",
  RELAY_MAX_DROPS: "1000000",
  RELAY_DROPS_PER_ADDRESS: "1000000",
  RELAY_DROP_REQUESTS_PER_MINUTE: "1000000",
  RELAY_LOOKUPS_PER_MINUTE: "1000000",
};

/** Options of every benchmark of the relay. */
export interface RelayOptions extends RoundsOptions {
  readonly denoDir: string;
}

/** A running server. */
export interface Running {
  readonly process: MeasuredProcess;
  /** Names of the servers for senders and receivers; see `relay_raw_peer.ts`. */
  readonly senders: string;
  readonly receivers: string;
}

/** A server that can be started. */
export interface Target {
  readonly name: string;
  start(options: RelayOptions): Promise<Running>;
}

/** Our relay in one process. */
export const RELAY_TARGET: Target = {
  name: "our relay",
  start: (options) => runRelay(options),
};

/** Our relay, with drops in a folder. */
export function dropTarget(folder: string): Target {
  const env = { RELAY_DROPS: `folder:${folder}` };
  return {
    name: "our relay, with drops",
    start: (options) => runRelay(options, folder, env),
  };
}

/** The bare servers; the relay is compared with the first. */
export const BARE_TARGETS: [Target, Target] = [
  bare("bare npm:ws", "ws"),
  bare("bare Deno.serve", "serve"),
];

/** Two bare servers in one process, joined by a pipe through KV; messages of at most 64 KiB. */
export const BARE_KV_TARGET: Target = {
  name: "bare npm:ws, KV in memory",
  start: (options) => {
    const args = ["--allow-all", `${FOLDER}relay_bare_kv.ts`, ":memory:"];
    return run("bare", args, options);
  },
};

/** Two instances in one process on one database: ":memory:" or a new file. */
export function sharedTarget(where: "memory" | "file"): Target {
  return {
    name: `two instances, KV in ${where === "file" ? "a file" : "memory"}`,
    async start(options) {
      const folder = await Deno.makeTempDir({ dir: options.scratch });
      const path = where === "file" ? `${folder}/kv` : ":memory:";
      const module = `${FOLDER}relay_instances.ts`;
      return await run("relay", ["--allow-all", module, path], options);
    },
  };
}

/**
 * Measures servers in turn, round by round. All run from the first round to the last, and at
 * least one round counts.
 */
export async function serveInTurn<T>(
  targets: readonly Target[],
  options: RelayOptions,
  measure: (server: Running) => Promise<T>,
): Promise<Map<Target, T[]>> {
  const results = new Map<Target, T[]>(targets.map((target) => [target, []]));
  await using stack = new AsyncDisposableStack();
  const running = new Map<Target, Running>();
  for (const target of targets) {
    const server = await target.start(options);
    stack.use(server.process);
    running.set(target, server);
  }
  for (let round = -options.warmUpRounds; round < options.rounds; round++) {
    if (round > 0 && performance.now() > options.deadlineMs) break;
    for (const [target, server] of running) {
      const result = await measure(server);
      if (round >= 0) results.get(target)!.push(result);
    }
  }
  return results;
}

function bare(name: string, kind: string): Target {
  const args = ["--allow-net", "--allow-env", `${FOLDER}relay_bare.ts`, kind];
  return { name, start: (options) => run("bare", args, options) };
}

/** Runs our relay as `deno task relay` does. @param folder May be read and written. */
function runRelay(
  options: RelayOptions,
  folder?: string,
  env: Record<string, string> = {},
): Promise<Running> {
  const { command } = deno.tasks.relay;
  const args = command.replace("deno.json", DENO_JSON)
    .replace("relay/main.ts", RELAY).split(" ").slice(2);
  if (folder !== undefined) {
    args.unshift(`--allow-read=${folder}`, `--allow-write=${folder}`);
  }
  return run("relay", args, options, {
    ...NO_LIMITS,
    RELAY_PORT: "0",
    RELAY_HOST: "127.0.0.1",
    ...env,
  });
}

async function run(
  kind: "relay" | "bare",
  args: string[],
  { scratch, denoDir }: RelayOptions,
  env: Record<string, string> = {},
): Promise<Running> {
  const line = denoRun(args, scratch, denoDir, env);
  const process = new MeasuredProcess({ ...line, longLived: true });
  try {
    const [, first, second = first] = await process.waitFor(
      /port"?[ :]+(\d+)(?: and (\d+))?.*\n/,
    );
    return {
      process,
      senders: `${kind}:${first}`,
      receivers: `${kind}:${second}`,
    };
  } catch (error) {
    await process.end();
    throw error;
  }
}
