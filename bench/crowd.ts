/**
 * Benchmark of many shares and receivers on one network: compares the time of each receiver
 * with that of a lone one.
 *
 * In turn, each receiver has the machine to itself, so any time beyond that of a lone one is
 * due to the other shares. At once, all receivers compete for the processors, so their time
 * says little by itself: what counts is that each is served, and that no share refuses anybody.
 *
 * @module
 */

import {
  cell,
  median,
  range,
  type RoundsOptions,
  table,
  takeTurns,
} from "./report.ts";
import { MeasuredProcess, type Outcome } from "./process.ts";
import { type Sample, settle, type Share, type Tool } from "./tool.ts";

/** Number of shares on the network, and of receivers. */
const CROWD = 20;

/**
 * Runs the benchmark and returns its table, in milliseconds and in multiples of a lone receiver.
 *
 * @throws {Error} When a receiver fails, or a share refuses somebody.
 */
export async function benchCrowd(
  tool: Tool,
  sample: Sample,
  options: RoundsOptions,
): Promise<string> {
  const alone = (await takeTurns([tool], sample, options)).get(tool)!;
  const lone = alone.map(({ receiver }) => receiver.wallMs);
  const inTurn = await withCrowd(tool, sample, options.scratch, async (all) => {
    const ended: Outcome[] = [];
    for (const share of all) ended.push(await receive(share, sample));
    return ended;
  });
  const atOnce = await withCrowd(
    tool,
    sample,
    options.scratch,
    (all) => Promise.all(all.map((share) => receive(share, sample))),
  );
  const yardstick = median(lone);
  const row = (name: string, values: number[]) => [
    name,
    cell(median(values), 0),
    range(values, 0),
    cell(median(values) / yardstick, 2),
    cell(Math.max(...values) / yardstick, 2),
    String(values.length),
  ];
  return table(
    [
      `10 KB, ${CROWD} shares`,
      "median ms",
      "min–max ms",
      "× alone",
      "slowest × alone",
      "receivers",
    ],
    [row("alone", lone), row("in turn", inTurn), row("at once", atOnce)],
  );
}

/**
 * Opens {@linkcode CROWD} shares and runs the receivers of `run`.
 *
 * @returns Wall times of the receivers, in milliseconds, once every share has delivered.
 * @throws {Error} When a share fails or has refused somebody.
 */
async function withCrowd(
  tool: Tool,
  sample: Sample,
  scratch: string,
  run: (shares: Share[]) => Promise<Outcome[]>,
): Promise<number[]> {
  const folder = await Deno.makeTempDir({ dir: scratch });
  await using senders = new AsyncDisposableStack();
  const shares: Share[] = [];
  for (let i = 0; i < CROWD; i++) {
    const own = `${folder}/${i}`;
    await Deno.mkdir(own);
    const share = await tool.share(sample.path, own);
    senders.use(share.sender);
    shares.push(share);
  }
  await settle();
  const received = await run(shares);
  for (const { sender } of shares) {
    const { code, stdout } = await sender.outcome;
    if (code !== 0 || stdout.includes('"event":"refused"')) {
      throw new Error(`A share of the crowd refused somebody: ${stdout}`);
    }
  }
  return received.map(({ wallMs }) => wallMs);
}

async function receive(share: Share, sample: Sample): Promise<Outcome> {
  await using process = new MeasuredProcess(share.receiver);
  const ended = await process.outcome;
  if (ended.code !== 0) {
    throw new Error(`A receiver ended with ${ended.code}: ${ended.stderr}`);
  }
  if (await share.hashStored?.(ended) !== sample.sha256) {
    throw new Error("A receiver of the crowd stored something else");
  }
  return ended;
}
