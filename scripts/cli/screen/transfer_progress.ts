/**
 * The progress of a command's transfers, as events or as lines, whichever its output takes.
 *
 * @module
 */

import type { ProgressDisplay, TransferCounts } from "./progress.ts";
import { terminalColumns } from "./streams.ts";

/** Time between two events of a transfer, in milliseconds. */
const EVENT_MS = 3_000;

/** Time until a person sees the progress of a transfer, in milliseconds. */
const DELAY_MS = 300;

/** Output of lines. */
interface Lines {
  /** Draws one line over the last one, where there is a screen. */
  draw: (line: string) => void;
  /** Prints one line. */
  say: (text: string) => void;
  hasScreen: () => boolean;
}

/** The transfers under way; counts are in bytes. */
export class TransferProgress {
  #display: ProgressDisplay | null = null;
  #firstMs: number | null = null;
  readonly #lastEventsMs = new Map<unknown, number>();
  #moved: TransferCounts | null = null;

  /** @param report Reports an event; `null` where a person reads lines. */
  constructor(
    private readonly report: ((fields: Record<string, unknown>) => void) | null,
    private readonly lines: Lines,
  ) {}

  /** Counts of the last transfer that has moved. */
  get moved(): TransferCounts | null {
    return this.#moved;
  }

  /** Shows what has arrived of a transfer, at limited intervals. */
  update(transfer: unknown, peer: string, counts: TransferCounts): void {
    this.#moved = counts;
    if (this.report !== null) this.#report(transfer, { peer, ...counts });
    else if (this.#display === null) this.#load();
    else this.#display.update(transfer, peer, counts);
  }

  /** Forgets a transfer that is over. */
  end(transfer: unknown): void {
    this.#lastEventsMs.delete(transfer);
    this.#display?.end(transfer);
  }

  #report(transfer: unknown, fields: Record<string, unknown>): void {
    const nowMs = performance.now();
    const lastMs = this.#lastEventsMs.get(transfer) ?? 0;
    if (nowMs - lastMs < EVENT_MS) return;
    this.#lastEventsMs.set(transfer, nowMs);
    this.report!(fields);
  }

  /** Loads the display only for transfers that last. */
  #load(): void {
    const nowMs = performance.now();
    this.#firstMs ??= nowMs;
    if (nowMs - this.#firstMs < DELAY_MS) return;
    this.#firstMs = Infinity;
    import("./progress.ts").then(({ ProgressDisplay }) => {
      const { draw, say, hasScreen } = this.lines;
      this.#display = new ProgressDisplay({
        draw: hasScreen() ? draw : null,
        say,
        columns: terminalColumns,
      });
    }).catch(() => {
      // The transfer matters more than its progress.
    });
  }
}
