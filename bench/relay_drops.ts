/**
 * Delay of requests for drops, and the memory of a relay that keeps many: beside one that keeps
 * none, so that what the number costs is told from what the disk does.
 *
 * @module
 */

import type { DropRow } from "../relay/drops/drop_row.ts";
import { denoRun } from "./deno_run.ts";
import type { DropTimes } from "./drop_load.ts";
import { MeasuredProcess } from "./process.ts";
import { quantile } from "./relay_delay.ts";
import { dropTarget, type RelayOptions } from "./relay_targets.ts";
import { cell, median, table } from "./report.ts";

const MODULE = new URL("drop_load.ts", import.meta.url).pathname;

/** Bytes of a drop that is there already, as large as a long distillation. */
const DROP_BYTES = 60_000;

/** Clients at the same time, and drops that each of them leaves and takes. */
const CLIENTS = 4;
const DROPS_EACH = 100;

/** Drops of each client before counting begins: code gets compiled. */
const WARM_UP_DROPS = 10;

/** Kinds of requests, with their columns. */
const KINDS: [kind: keyof DropTimes, title: string][] = [
  ["bare", "bare request"],
  ["put", "PUT"],
  ["putLast", "last PUT"],
  ["get", "GET"],
  ["delete", "DELETE"],
  ["topics", "1024 topics"],
];

/** Result of one run. */
interface Measured {
  times: DropTimes;
  startMs: number;
  peakBytes: number;
}

/** Runs the benchmark and returns its table; `counts` are drops that a relay keeps. */
export async function benchDrops(
  counts: readonly number[],
  options: RelayOptions,
): Promise<string> {
  const runs = new Map(counts.map((count) => [count, [] as Measured[]]));
  for (let round = 0; round < options.rounds; round++) {
    if (round > 0 && performance.now() > options.deadlineMs) break;
    for (const count of counts) {
      runs.get(count)!.push(await measure(count, options));
    }
  }
  const titles = KINDS.map(([, title]) => `${title} p50 / p99 ms`);
  const heading = ["drops kept", ...titles, "start ms", "peak MB", "runs"];
  return table(heading, [...runs].map(([count, all]) => row(count, all)));
}

function row(count: number, all: Measured[]): string[] {
  const middle = (of: (one: Measured) => number, digits: number) =>
    cell(median(all.map(of)), digits);
  const cells = KINDS.map(([kind]) =>
    [0.5, 0.99].map((part) =>
      middle(({ times }) => quantile(times[kind], part), 1)
    ).join(" / ")
  );
  return [
    String(count),
    ...cells,
    middle(({ startMs }) => startMs, 0),
    middle(({ peakBytes }) => peakBytes / 1e6, 0),
    String(all.length),
  ];
}

async function measure(
  count: number,
  options: RelayOptions,
): Promise<Measured> {
  const folder = await Deno.makeTempDir({ dir: options.scratch });
  try {
    for (let number = 0; number < count; number++) await write(folder, number);
    const startedMs = performance.now();
    const { process, senders } = await dropTarget(folder).start(options);
    await using server = process;
    const startMs = performance.now() - startedMs;
    const load = async (drops: number): Promise<DropTimes> => {
      const args = [senders.split(":")[1]!, String(CLIENTS), String(drops)];
      const all = ["--allow-net=127.0.0.1", MODULE, ...args];
      const line = denoRun(all, options.scratch, options.denoDir);
      await using clients = new MeasuredProcess(line);
      const [text] = await clients.waitFor(/^\{.*\}$/m);
      const times: DropTimes = JSON.parse(text);
      for (const [kind] of KINDS) times[kind].sort((a, b) => a - b);
      return times;
    };
    await load(WARM_UP_DROPS);
    const times = await load(DROPS_EACH);
    const { peakBytes } = await server.end();
    return { times, startMs, peakBytes: peakBytes ?? NaN };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes a drop as the relay does; its data takes no space on the disk. */
async function write(folder: string, number: number): Promise<void> {
  const id = (number % 256).toString(16).padStart(2, "0") +
    number.toString(16).padStart(30, "0");
  const now = Date.now();
  const hash = () => crypto.getRandomValues(new Uint8Array(32)).toHex();
  const row: DropRow = {
    id,
    owner: hash(),
    takeHash: hash(),
    deleteHash: hash(),
    bytes: DROP_BYTES,
    next: 1,
    changedMs: now,
    expiresMs: now + 86_400_000,
    taking: null,
    leaseMs: 0,
    takenMs: null,
  };
  const path = `${folder}/${id.slice(0, 2)}`;
  await Deno.mkdir(path, { recursive: true });
  await Deno.writeTextFile(`${path}/${id}.json`, JSON.stringify(row));
  await Deno.writeFile(`${path}/${id}.data`, new Uint8Array(0));
  await Deno.truncate(`${path}/${id}.data`, DROP_BYTES);
}
