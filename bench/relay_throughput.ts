/**
 * Throughput of a relay, beside servers that only forward.
 *
 * @module
 */

import { denoRun } from "./deno_run.ts";
import { MeasuredProcess } from "./process.ts";
import {
  type RelayOptions,
  type Running,
  serveInTurn,
  type Target,
} from "./relay_targets.ts";
import { cell, median, range, table } from "./report.ts";

const MODULE = new URL("relay_load.ts", import.meta.url).pathname;

/** Time counted in each run, in milliseconds. */
const COUNTED_MS = 1000;

/** The load of one benchmark. */
export interface Load {
  readonly pairs: number;
  readonly messageKib: number;
}

interface Rate {
  readonly megabytesPerS: number;
  /** CPU time of the server's threads for 100 MB, in milliseconds. */
  readonly cpuMs: number;
}

/** Runs the benchmark for one load and returns its table; shares are of `yardstick`, a target. */
export async function benchThroughput(
  targets: readonly Target[],
  yardstick: Target,
  load: Load,
  options: RelayOptions,
): Promise<string> {
  const runs = await serveInTurn(
    targets,
    options,
    (server) => measure(server, load, options),
  );
  const { pairs, messageKib } = load;
  const title = `${pairs} pair${pairs === 1 ? "" : "s"}, ${messageKib} KiB`;
  const those = runs.get(yardstick) ?? [];
  return table(
    [
      title,
      "MB/s",
      "min–max",
      `share of ${yardstick.name}`,
      "CPU ms per 100 MB",
      "runs",
    ],
    [...runs].map(([target, rates]) => row(target, rates, those)),
  );
}

function row({ name }: Target, rates: Rate[], yardstick: Rate[]): string[] {
  const values = rates.map(({ megabytesPerS }) => megabytesPerS);
  // Round by round: other work on the machine then affects both.
  const shares = values.map((value, round) =>
    value / (yardstick[round]?.megabytesPerS ?? NaN)
  );
  return [
    name,
    cell(median(values), 0),
    range(values, 0),
    cell(median(shares), 2),
    cell(median(rates.map(({ cpuMs }) => cpuMs)), 0),
    String(values.length),
  ];
}

async function measure(
  { process: server, senders, receivers }: Running,
  { pairs, messageKib }: Load,
  options: RelayOptions,
): Promise<Rate> {
  const client = (...args: string[]) => {
    const all = ["--allow-net=127.0.0.1", MODULE, ...args];
    return new MeasuredProcess(denoRun(all, options.scratch, options.denoDir));
  };
  const bytes = String(messageKib * 1024);
  await using sender = client("send", senders, String(pairs), bytes);
  const [, rooms] = await sender.waitFor(/^rooms (.*)$/m);
  const cpuBeforeMs = server.cpuMs();
  await using receiver = client(
    "receive",
    receivers,
    rooms!,
    String(COUNTED_MS),
  );
  const [line] = await receiver.waitFor(/^\{.*\}$/m);
  const cpuMs = server.cpuMs() - cpuBeforeMs;
  const counted = JSON.parse(line);
  return {
    megabytesPerS: counted.bytes / 1e6 / (counted.ms / 1000),
    cpuMs: cpuMs / (counted.total / 1e8),
  };
}
