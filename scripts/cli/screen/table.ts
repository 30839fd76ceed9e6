/**
 * Tables that fit the terminal: too wide a table loses the ends of its flexible columns, and one
 * that still does not fit becomes a block of lines for each row. Without a terminal nothing is
 * cut.
 *
 * @module
 */

import { cut, pad, widthOf } from "./width.ts";

/** Blanks between two columns. */
const GAP = 2;

/** One column of a table. */
export interface Column {
  title: string;
  /** Whether numbers stand in it, which end at the same place. */
  isNumber?: boolean;
  /** Width below which it is not cut; a column without it is never cut. */
  min?: number;
}

/** The screen that a table is for. */
export interface Screen {
  /** Width in columns; `null` when the output does not go to a terminal. */
  columns: number | null;
  /** Makes text less visible, where there are colors. */
  dim: (text: string) => string;
}

/** Formats rows under the titles of their columns; a cell is one line. */
export function formatTable(
  columns: Column[],
  rows: string[][],
  screen: Screen,
): string {
  const clean = rows.map((row) => row.map(cleanCell));
  const natural = columns.map(({ title }, i) =>
    Math.max(widthOf(title), ...clean.map((row) => widthOf(row[i]!)))
  );
  const widths = screen.columns === null
    ? natural
    : fit(columns, natural, screen.columns);
  if (widths === null) return formatBlocks(clean, screen.columns!);
  const format = (cells: string[]) => formatRow(columns, cells, widths);
  const titles = format(columns.map(({ title }) => title));
  return [screen.dim(titles), ...clean.map(format)].join("\n");
}

/** Replaces what would leave the cell or steer the terminal. */
function cleanCell(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}

/** Takes columns off the widest flexible ones; `null` when that is not enough. */
function fit(
  columns: Column[],
  natural: number[],
  available: number,
): number[] | null {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) +
    GAP * (widths.length - 1) - available;
  for (; excess > 0; excess--) {
    const widest = widestFlexible(columns, widths);
    if (widest === null) return null;
    widths[widest]!--;
  }
  return widths;
}

function widestFlexible(columns: Column[], widths: number[]): number | null {
  let widest: number | null = null;
  columns.forEach(({ min }, i) => {
    if (min === undefined || widths[i]! <= min) return;
    if (widest === null || widths[i]! > widths[widest]!) widest = i;
  });
  return widest;
}

function formatRow(
  columns: Column[],
  cells: string[],
  widths: number[],
): string {
  return columns.map(({ isNumber }, i) =>
    pad(cut(cells[i]!, widths[i]!), widths[i]!, isNumber ? "start" : "end")
  ).join(" ".repeat(GAP)).trimEnd();
}

/** Gives each cell a line of its own; a row begins at the margin. */
function formatBlocks(rows: string[][], available: number): string {
  return rows.map((row) => {
    const first = row[0] === "" ? [] : [cut(row[0]!, available)];
    const rest = row.slice(1).filter((cell) => cell !== "")
      .map((cell) => `  ${cut(cell, available - 2)}`);
    return [...first, ...rest].join("\n");
  }).join("\n");
}
