/**
 * Rounds and tables for every benchmark.
 *
 * Tools take turns, so that a slow minute of the machine affects all of them. Tables show
 * medians, so that one slow run affects none.
 *
 * @module
 */

import { handOver, type Run, type Sample, type Tool } from "./tool.ts";

/** Options of the rounds. */
export interface RoundsOptions {
  /** Rounds that count. */
  readonly rounds: number;
  /** Earlier rounds that do not count: disk caches are cold, compiled modules are missing. */
  readonly warmUpRounds: number;
  /** Time by `performance.now()` after which no further round begins. */
  readonly deadlineMs: number;
  readonly scratch: string;
}

/**
 * Hands over `sample` with each tool in turn, round by round; at least one round counts.
 *
 * @throws {Error} When a run fails: a median without it would flatter the tool.
 */
export async function takeTurns(
  tools: readonly Tool[],
  sample: Sample,
  options: RoundsOptions,
): Promise<Map<Tool, Run[]>> {
  const runs = new Map<Tool, Run[]>(tools.map((tool) => [tool, []]));
  for (let round = -options.warmUpRounds; round < options.rounds; round++) {
    if (round > 0 && performance.now() > options.deadlineMs) break;
    for (const tool of tools) {
      const run = await handOver(tool, sample, options.scratch);
      if (round >= 0) runs.get(tool)?.push(run);
    }
  }
  return runs;
}

/** The middle value, or the mean of the two middle ones; NaN when there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1
    ? upper
    : ((sorted[half - 1] ?? NaN) + upper) / 2;
}

/** `smallest–largest`, with `digits` decimals. */
export function range(values: readonly number[], digits: number): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${low.toFixed(digits)}–${high.toFixed(digits)}`;
}

/** The number, or a dash when there is none. */
export function cell(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "–";
}

/** Rows under a heading as a Markdown table, padded for reading in a terminal. */
export function table(heading: string[], rows: string[][]): string {
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0))
  );
  const line = (cells: string[]) =>
    `| ${
      cells.map((text, column) =>
        column === 0
          ? text.padEnd(widths[column] ?? 0)
          : text.padStart(widths[column] ?? 0)
      ).join(" | ")
    } |`;
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  );
  return [line(heading), line(rule), ...rows.map(line)].join("\n");
}
