/**
 * The progress of transfers: one line that is drawn again and again on a terminal, or a line
 * every few seconds elsewhere.
 *
 * Several transfers at once share the line on a terminal, and have lines of their own elsewhere.
 *
 * @module
 */

import { formatBytes, formatCount, formatSpan, formatSpeed } from "./format.ts";
import { cut, widthOf } from "./width.ts";

/** Time between two lines, in milliseconds: on a terminal, and elsewhere. */
const DRAW_INTERVAL_MS = 100;
const LINE_INTERVAL_MS = 3_000;

/** Time after which a change of speed shows for the most part, in milliseconds. */
const SMOOTHING_MS = 3_000;

/** Width of the bar, in columns. */
const MIN_BAR = 8;
const MAX_BAR = 30;

/** Columns that stay free at the end: a terminal writes `^C` there, and wraps after the last. */
const FREE_COLUMNS = 3;

/** Counts of one transfer, or of several together, in bytes. */
export interface TransferCounts {
  bytes: number;
  size: number;
}

/** Output of progress. */
export interface ProgressScreen {
  /** Draws one line over the last one; `null` when lines cannot be drawn over. */
  draw: ((line: string) => void) | null;
  /** Prints one line. */
  say: (text: string) => void;
  /** The width of the terminal now, in columns. */
  columns: () => number;
}

interface Transfer extends TransferCounts {
  peer: string;
  speed: Speed;
  lastLineMs: number;
}

/** The transfers under way. */
export class ProgressDisplay {
  readonly #transfers = new Map<unknown, Transfer>();
  #lastDrawMs = -Infinity;

  constructor(private readonly screen: ProgressScreen) {}

  /** Counts what has arrived of a transfer, and shows it unless that was done just now. */
  update(key: unknown, peer: string, { bytes, size }: TransferCounts): void {
    const nowMs = performance.now();
    const transfer = this.#find(key, peer, bytes, nowMs);
    transfer.bytes = bytes;
    transfer.size = size;
    if (this.screen.draw !== null) this.#drawAll(this.screen.draw, nowMs);
    else this.#say(transfer, nowMs);
  }

  /** Forgets a transfer that is over. */
  end(key: unknown): void {
    this.#transfers.delete(key);
  }

  #find(key: unknown, peer: string, bytes: number, nowMs: number): Transfer {
    let transfer = this.#transfers.get(key);
    if (transfer === undefined) {
      const speed = new Speed(bytes, nowMs);
      transfer = { bytes, size: 0, peer, speed, lastLineMs: nowMs };
      this.#transfers.set(key, transfer);
    }
    return transfer;
  }

  #drawAll(draw: (line: string) => void, nowMs: number): void {
    if (nowMs - this.#lastDrawMs < DRAW_INTERVAL_MS) return;
    this.#lastDrawMs = nowMs;
    const all = { bytes: 0, size: 0, speed: 0 };
    for (const { bytes, size, speed } of this.#transfers.values()) {
      all.bytes += bytes;
      all.size += size;
      all.speed += speed.measure(bytes, nowMs);
    }
    const count = this.#transfers.size;
    const who = count === 1 ? "" : formatCount(count, "receiver");
    draw(progressLine(all, all.speed, this.screen.columns(), who));
  }

  #say(transfer: Transfer, nowMs: number): void {
    if (nowMs - transfer.lastLineMs < LINE_INTERVAL_MS) return;
    transfer.lastLineMs = nowMs;
    const speed = transfer.speed.measure(transfer.bytes, nowMs);
    const words = inWords(transfer, speed).filter(Boolean).join(", ");
    this.screen.say(`${transfer.peer}: ${words.trimStart()}`);
  }
}

/** The speed of a transfer, smoothed; what was there before does not count. */
class Speed {
  #bytesPerMs: number | null = null;

  constructor(private bytes: number, private atMs: number) {}

  /** Returns bytes per second; 0 until enough has been seen. */
  measure(bytes: number, nowMs: number): number {
    const spanMs = nowMs - this.atMs;
    if (spanMs >= DRAW_INTERVAL_MS) {
      const now = (bytes - this.bytes) / spanMs;
      const before = this.#bytesPerMs ?? now;
      const weight = 1 - Math.exp(-spanMs / SMOOTHING_MS);
      this.#bytesPerMs = before + (now - before) * weight;
      this.bytes = bytes;
      this.atMs = nowMs;
    }
    return (this.#bytesPerMs ?? 0) * 1000;
  }
}

/**
 * Formats progress for a terminal: as much as fits on one line.
 *
 * @param speed Bytes per second; 0 when not known.
 * @param columns The width of the terminal.
 * @param who The receivers, if there are several.
 */
export function progressLine(
  counts: TransferCounts,
  speed: number,
  columns: number,
  who = "",
): string {
  const [percent, bytes, rate, left] = inWords(counts, speed);
  const available = Math.max(0, columns - FREE_COLUMNS);
  const variants = [
    [percent, who, bytes, rate, left],
    [percent, bytes, rate, left],
    [percent, bytes, left],
    [percent, left],
  ].map((parts) => parts.filter(Boolean).join("  "));
  for (const text of variants) {
    const room = Math.min(MAX_BAR, available - widthOf(text) - 1);
    if (room >= MIN_BAR) return `${bar(partOf(counts), room)} ${text}`;
  }
  const bare = variants.at(-1)!;
  return widthOf(bare) <= available ? bare : cut(percent!.trim(), available);
}

/** Per cent, bytes of bytes, speed and time left; the last two are empty when not known. */
function inWords(counts: TransferCounts, speed: number): string[] {
  const { bytes, size } = counts;
  const percent = `${Math.floor(partOf(counts) * 100)}%`.padStart(4);
  const isKnown = speed >= 1 && bytes < size;
  const leftMs = (size - bytes) / speed * 1000;
  return [
    percent,
    `${formatBytes(bytes)} of ${formatBytes(size)}`,
    isKnown ? formatSpeed(speed) : "",
    isKnown ? `${formatSpan(leftMs)} left` : "",
  ];
}

function partOf({ bytes, size }: TransferCounts): number {
  return size === 0 ? 1 : Math.min(1, bytes / size);
}

function bar(part: number, columns: number): string {
  const filled = Math.floor(part * columns);
  return "█".repeat(filled) + "░".repeat(columns - filled);
}
