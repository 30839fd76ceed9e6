/**
 * Deadlines for a peer that connects and then sends nothing, and for one that keeps a
 * connection open on which too little moves.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";

/**
 * Runs `body`, which talks over `channel`; aborts the channel when it takes longer than `ms`.
 *
 * @throws {SpreadError} `PEER_SILENT`, from the call on the channel that was waiting.
 */
export async function withDeadline<T>(
  channel: Pick<Channel, "abort">,
  ms: number,
  body: () => Promise<T>,
): Promise<T> {
  // The first setTimeout of a process costs 4 ms in Deno; this one costs a tenth of that.
  const timeUp = AbortSignal.timeout(Math.max(0, Math.ceil(ms)));
  const onTimeUp = () => channel.abort(tooSlow(ms));
  timeUp.addEventListener("abort", onTimeUp, { once: true });
  try {
    return await body();
  } finally {
    timeUp.removeEventListener("abort", onTimeUp);
  }
}

/**
 * Time limit for each answer of the peer, and for each {@linkcode STEP_BYTES} of a payload, in
 * milliseconds: a peer that only keeps the connection alive holds up others.
 */
export const ANSWER_MS = 120_000;

/** Least part of a payload that has to move within {@linkcode ANSWER_MS}, in bytes. */
export const STEP_BYTES = 16 * 1024;

/** Parts of a time limit after which a {@linkcode Pace} looks. */
const LOOKS = 4;

/** The least that has to move, and in which time. */
export interface PaceOptions {
  /** Bytes moved so far, whichever count. */
  moved: () => number;
  /** Bytes that have to move within {@linkcode limitMs}. */
  stepBytes: number;
  limitMs: number;
  /** Called once it is too slow: `limitMs` to 1.25 times `limitMs` after the last step. */
  onTooSlow: () => void;
}

/**
 * Watches that enough moves while it is the peer's turn. Time in which this process was
 * stopped does not count, because only looks do.
 */
export class Pace implements Disposable {
  /** Whether it is the peer that has to move something. */
  isPeersTurn = true;
  readonly #options: PaceOptions;
  readonly #looking: ReturnType<typeof setInterval>;
  #mark: number;
  #idleLooks = 0;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#mark = options.moved();
    this.#looking = setInterval(() => this.#look(), options.limitMs / LOOKS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking);
  }

  #look(): void {
    const { moved, stepBytes, onTooSlow } = this.#options;
    const now = moved();
    if (now - this.#mark >= stepBytes) {
      this.#mark = now;
      this.#idleLooks = 0;
    } else if (this.isPeersTurn && ++this.#idleLooks === LOOKS) {
      this[Symbol.dispose]();
      onTooSlow();
    }
  }
}

/** Error for a peer that moved less than {@linkcode STEP_BYTES} of a payload in time. */
export function tooLittle(limitMs: number): SpreadError {
  return new SpreadError(
    "PEER_SILENT",
    `Less than ${STEP_BYTES / 1024} KiB moved within ${limitMs / 1000} seconds`,
  );
}

function tooSlow(ms: number): SpreadError {
  return new SpreadError(
    "PEER_SILENT",
    `The other side did not answer within ${ms / 1000} seconds`,
    "Check that host and port are those of a Claude Spread sender",
  );
}
