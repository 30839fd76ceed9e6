/**
 * The journal of drops: logs and counts them, without ids and addresses. See RELAY_SERVER_SPEC.md,
 * section 17.12.
 *
 * @module
 */

import { blurAddress } from "../limits/rate_limits.ts";
import type { Metrics } from "../metrics.ts";
import { Refusal } from "../limits/refusal.ts";
import type { DropRow } from "./drop_row.ts";
import { blurId } from "./drop_tokens.ts";

/** Time between two lines about a store that fails, in milliseconds. */
const COMPLAIN_MS = 60_000;

/** Errors of the system that mean that there is no space. */
const FULL = ["ENOSPC", "EDQUOT", "EFBIG"];

/** The end of a drop. */
export type DropOutcome = "taken" | "deleted" | "expired" | "abandoned";

/** Surroundings of a journal. */
export interface JournalOptions {
  /** Key of the names of drops and senders. */
  secret: string;
  metrics: Metrics;
  /** Milliseconds that never go back. */
  now(): number;
  /** Writes one line of the log, given as an object. */
  log(line: Record<string, unknown>): void;
}

/** Logs and counts. */
export class DropJournal {
  #complainedMs = -Infinity;

  constructor(private readonly options: JournalOptions) {}

  /** Notes that a drop is complete. */
  left({ id, bytes }: DropRow, address: string): void {
    const { secret, metrics, log } = this.options;
    metrics.count("drops_left");
    const sender = blurAddress(address);
    log({ event: "drop_left", drop: blurId(secret, id), sender, bytes });
  }

  /** Notes that a drop has ended. */
  ended({ id, bytes }: DropRow, outcome: DropOutcome): void {
    const { secret, metrics, log } = this.options;
    metrics.count("drops_ended", 1, outcome);
    log({ event: "drop_ended", outcome, drop: blurId(secret, id), bytes });
  }

  /**
   * Turns an error into a refusal. Logs the failure of a store, but not each time, and without the
   * message, which may hold a path, and thereby an id.
   */
  refusalOf(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    const { name, code = "" } = error as { name?: string; code?: string };
    const refusal = FULL.includes(code) ? "store_full" : "store_failed";
    const { now, log } = this.options;
    if (now() - this.#complainedMs >= COMPLAIN_MS) {
      this.#complainedMs = now();
      log({ event: "drops_failed", error: refusal, reason: code || name });
    }
    return new Refusal(refusal);
  }
}
