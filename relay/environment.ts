/**
 * The environment of a relay that runs as this process: clock, randomness and facts about the
 * process. Tests and benchmarks replace parts of it.
 *
 * @module
 */

import process from "node:process";
import type { ProcessFacts } from "./metrics.ts";
import { countFreeFiles } from "./server/free_files.ts";
import type { Environment } from "./server/front.ts";

/**
 * Returns the environment of this process.
 *
 * @param log Writes one line of the log, given as an object.
 */
export function environmentOf(
  version: string,
  log: (line: Record<string, unknown>) => void,
): Environment {
  return {
    version,
    now: () => performance.now(),
    wallClock: () => Date.now(),
    fillRandom: (bytes) => crypto.getRandomValues(bytes),
    countFreeFiles,
    processFacts,
    log,
  };
}

function processFacts(): ProcessFacts {
  const { user, system } = process.cpuUsage();
  return {
    resident_memory_bytes: Deno.memoryUsage().rss,
    cpu_seconds_total: (user + system) / 1e6,
    start_time_seconds: performance.timeOrigin / 1000,
    open_fds: countOpenFiles(),
  };
}

/** Returns `undefined` except on Linux with all permissions, which Deno requires for `/proc`. */
function countOpenFiles(): number | undefined {
  try {
    // The folder itself is open while it is read.
    return [...Deno.readDirSync("/proc/self/fd")].length - 1;
  } catch {
    return undefined;
  }
}
