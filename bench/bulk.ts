/**
 * Throughput and memory for large files, from file to file.
 *
 * The measured time is the wall time of the receiving process, including startup and handshake,
 * because every tool allows that measurement. If a receiver reports its own time, the table also
 * shows the rate without startup: ours counts from dialing until the file is checked and in
 * place, the bare loop from the first record to the last.
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
import { hashFile, type Run, type Sample, type Tool } from "./tool.ts";

const MIB = 1024 * 1024;

/** Most bytes that `crypto.getRandomValues` fills at once. */
const RANDOM_BYTES = 65_536;

/**
 * Runs the benchmark for one size and returns its table.
 *
 * @param yardstick The tool that the others are compared with.
 */
export async function benchBulk(
  tools: readonly Tool[],
  yardstick: Tool,
  sizeMib: number,
  options: RoundsOptions,
): Promise<string> {
  const path = `${options.scratch}/random-${sizeMib}`;
  const sample = await writeRandom(path, sizeMib * MIB);
  try {
    const runs = await takeTurns([...tools, yardstick], sample, options);
    const limit = median(rates(runs.get(yardstick) ?? [], sample));
    const rows = [...runs].map(([tool, those]) =>
      row(tool, those, sample, limit)
    );
    return table([
      `${sizeMib} MiB`,
      "MB/s",
      "min–max",
      `share of ${yardstick.name}`,
      "without start-up MB/s",
      "receiver peak MB",
      "sender peak MB",
      "runs",
    ], rows);
  } finally {
    await Deno.remove(path);
  }
}

function row(tool: Tool, runs: Run[], sample: Sample, limit: number): string[] {
  const values = rates(runs, sample);
  const transfers = runs.map(({ receiver }) =>
    rate(sample.bytes, tool.transferMs?.(receiver) ?? NaN)
  );
  return [
    tool.name,
    cell(median(values), 0),
    range(values, 0),
    cell(median(values) / limit, 2),
    cell(median(transfers), 0),
    cell(median(runs.map(({ receiver }) => megabytes(receiver.peakBytes))), 0),
    cell(median(runs.map(({ sender }) => megabytes(sender.peakBytes))), 0),
    String(runs.length),
  ];
}

function rates(runs: Run[], { bytes }: Sample): number[] {
  return runs.map(({ receiver }) => rate(bytes, receiver.wallMs));
}

/** Megabytes (10⁶) per second. */
function rate(bytes: number, ms: number): number {
  return bytes / 1e6 / (ms / 1000);
}

function megabytes(bytes: number | null): number {
  return bytes === null ? NaN : bytes / 1e6;
}

async function writeRandom(path: string, bytes: number): Promise<Sample> {
  {
    using file = await Deno.open(path, { write: true, createNew: true });
    const block = new Uint8Array(MIB);
    for (let left = bytes; left > 0; left -= block.length) {
      for (let at = 0; at < block.length; at += RANDOM_BYTES) {
        crypto.getRandomValues(block.subarray(at, at + RANDOM_BYTES));
      }
      await file.write(block.subarray(0, Math.min(left, block.length)));
    }
  }
  return { path, bytes, sha256: await hashFile(path) };
}
