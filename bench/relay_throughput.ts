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

/** Longest time that a pair saturates a server, in milliseconds. */
const SATURATED_MS = 30_000;

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

/** Two processes that put a server under load. */
interface Clients extends AsyncDisposable {
  readonly receiver: MeasuredProcess;
  /** CPU time of the server before the first message, in milliseconds. */
  readonly cpuBeforeMs: number;
}

/** Puts a server under load for some time, counted in milliseconds. */
async function load(
  { process: server, senders, receivers }: Running,
  { pairs, messageKib }: Load,
  countedMs: number,
  options: RelayOptions,
): Promise<Clients> {
  await using stack = new AsyncDisposableStack();
  const client = (...args: string[]) => {
    const all = ["--allow-net=127.0.0.1", MODULE, ...args];
    const line = denoRun(all, options.scratch, options.denoDir);
    return stack.use(new MeasuredProcess(line));
  };
  const bytes = String(messageKib * 1024);
  const sender = client("send", senders, String(pairs), bytes);
  const [, rooms] = await sender.waitFor(/^rooms (.*)$/m);
  const cpuBeforeMs = server.cpuMs();
  const receiver = client("receive", receivers, rooms!, String(countedMs));
  const ending = stack.move();
  return {
    receiver,
    cpuBeforeMs,
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

/** Lets one pair send all it can, until disposed of. */
export function saturate(
  server: Running,
  messageKib: number,
  options: RelayOptions,
): Promise<AsyncDisposable> {
  return load(server, { pairs: 1, messageKib }, SATURATED_MS, options);
}

async function measure(
  server: Running,
  toCarry: Load,
  options: RelayOptions,
): Promise<Rate> {
  await using clients = await load(server, toCarry, COUNTED_MS, options);
  const { receiver, cpuBeforeMs } = clients;
  const [line] = await receiver.waitFor(/^\{.*\}$/m);
  const cpuMs = server.process.cpuMs() - cpuBeforeMs;
  const counted = JSON.parse(line);
  return {
    megabytesPerS: counted.bytes / 1e6 / (counted.ms / 1000),
    cpuMs: cpuMs / (counted.total / 1e8),
  };
}
