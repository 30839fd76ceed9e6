/**
 * The end of a share in words, whatever ends it.
 *
 * @module
 */

import { SpreadError } from "../../../lib/errors.ts";
import { formatCount } from "../../cli/screen/format.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { SettledOptions } from "../options.ts";

/** The parts of a share that receivers have taken. */
export interface Taken {
  /** Deliveries: of the payload, or of sessions. */
  delivered: number;
  /** Deliveries of the work that comes along, which are not counted with the others. */
  works: number;
}

/** Words for each end. */
export interface Endings {
  /**
   * Says what has become of a share whose time is over, or that has nothing more to do.
   *
   * @throws {SpreadError} `NO_RECEIVER` when nobody has received anything.
   */
  conclude(taken: Taken): void;
  /** Returns the outcome so far, as part of a sentence. */
  outcome(taken: Taken): string;
  /** Error for a share that has had its last guess. */
  exhausted(guesses: number): SpreadError;
}

/** Words for a share of a payload. */
export class ShareEndings implements Endings {
  constructor(
    private readonly options: Pick<SettledOptions, "keepOpenMin" | "kind">,
    private readonly terminal: Terminal,
  ) {}

  conclude(taken: Taken): void {
    const { delivered, works } = taken;
    if (delivered + works === 0) throw noReceiver(this.options.keepOpenMin);
    const outcome = this.outcome(taken);
    this.terminal.say(`ended; ${outcome}`, "ended", { delivered });
  }

  outcome({ delivered, works }: Taken): string {
    if (delivered === 0) {
      return works === 0 ? "nobody received it" : "only the work was taken";
    }
    return this.options.kind === "session"
      ? `${formatCount(delivered, "session")} taken`
      : `delivered to ${formatCount(delivered, "receiver")}`;
  }

  exhausted(guesses: number): SpreadError {
    return new SpreadError(
      "TOO_MANY_GUESSES",
      `The share has ended: ${guesses} wrong passphrases were tried`,
      "Share again with a new passphrase, and give it only to the receiver",
    );
  }
}

function noReceiver(minutes: number): SpreadError {
  return new SpreadError(
    "NO_RECEIVER",
    `Nobody received anything within ${formatCount(minutes, "minute")}`,
    "Share again when the receiver is ready, or for longer (claude-spread serve --help)",
  );
}
