/**
 * Time to hand over a small document to a receiver when the sender is already waiting.
 *
 * The measured time is the wall time of the receiving process, from start to end: what a user
 * waits after pressing return. The received document is compared with the original.
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
import { hashFile, type Sample, type Tool } from "./tool.ts";

const DOCUMENT_BYTES = 10_000;

/** Runs the benchmark and returns its table; ratios are to the first tool. */
export async function benchHandover(
  tools: readonly Tool[],
  options: RoundsOptions,
): Promise<string> {
  const sample = await writeDocument(`${options.scratch}/distillation.md`);
  const runs = await takeTurns(tools, sample, options);
  const wallMs = tools.map((tool) =>
    (runs.get(tool) ?? []).map(({ receiver }) => receiver.wallMs)
  );
  const yardstick = median(wallMs[0] ?? []);
  const rows = tools.map((tool, index) => {
    const values = wallMs[index] ?? [];
    return [
      tool.name,
      cell(median(values), 0),
      range(values, 0),
      cell(median(values) / yardstick, 2),
      String(values.length),
    ];
  });
  const first = tools[0]?.name ?? "";
  return table(
    ["10 KB", "median ms", "min–max ms", `× ${first}`, "runs"],
    rows,
  );
}

/** Writes a document of the size that sessions hand over. */
export async function writeDocument(path: string): Promise<Sample> {
  const line =
    "- Decided: keep the frame length at four bytes; see section 3.\n";
  const text = "# What this session found out\n\n".padEnd(DOCUMENT_BYTES, line);
  await Deno.writeTextFile(path, text);
  return { path, bytes: DOCUMENT_BYTES, sha256: await hashFile(path) };
}
