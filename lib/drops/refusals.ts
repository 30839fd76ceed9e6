/**
 * Refusals of a relay that concern drops (RELAY_SERVER_SPEC.md, section 17.7), in words for people.
 *
 * @module
 */

import { SpreadError, type SpreadErrorCode } from "../errors.ts";
import { nameRelay } from "../transports/relay/errors.ts";

/** A refusal as the relay words it; `code` may be of a later version. */
export class DropRefused extends Error {
  override name = "DropRefused";

  constructor(
    readonly code: string,
    /** Seconds until another try makes sense, and the largest drop in bytes, where they are told. */
    readonly fields: { retry_s?: number; max_bytes?: number } = {},
  ) {
    super(code);
  }

  /** Whether `error` is a refusal with one of these codes. */
  static is(error: unknown, ...codes: string[]): error is DropRefused {
    return error instanceof DropRefused && codes.includes(error.code);
  }
}

type Words = [code: SpreadErrorCode, message: string, hint: string];

const LATER = "Try again later, or name another relay with --relay URL";

/** Puts a refusal into words; `relay` is the name of the relay. */
const WORDS: Record<
  string,
  (relay: string, fields: DropRefused["fields"]) => Words
> = {
  drops_off: (relay) => [
    "DROPS_OFF",
    `The relay ${relay} does not keep drops`,
    "Name a relay that does with --relay URL, or share while both machines are awake, without --leave",
  ],
  drop_not_found: (relay) => [
    "NO_DROP",
    `The relay ${relay} has no such drop`,
    "The drop may have been taken or taken back, or may have expired; if the sender's command names a relay, name the same one",
  ],
  drop_taken: () => [
    "NO_DROP",
    "The drop has been taken already",
    "Ask the sender to leave it again",
  ],
  drop_incomplete: () => [
    "DROP_BUSY",
    "The drop is not complete: its sender is still sending it to the relay",
    "Try again in a moment; if the sender's command has ended, ask the sender to leave the drop again",
  ],
  being_taken: (_, { retry_s }) => [
    "DROP_BUSY",
    "Another receiver is taking the drop",
    `Try again in ${
      retry_s ?? 60
    } s: if that receiver does not finish, the drop is free then`,
  ],
  drop_too_large: (relay, { max_bytes }) => [
    "PAYLOAD_TOO_LARGE",
    `The relay ${relay} does not keep a drop of this size${
      max_bytes === undefined ? "" : `: ${shownLimit(max_bytes)} at most`
    }`,
    "Share it while both machines are awake, without --leave",
  ],
  changed: (relay) => [
    "RELAY_BUSY",
    `The relay ${relay} is changing the drop at this moment`,
    "Try again in a moment",
  ],
  part_out_of_order: (relay) => [
    "RELAY_BUSY",
    `The relay ${relay} has lost parts of the drop before all of it was there`,
    LATER,
  ],
  body_late: (relay) => [
    "RELAY_BUSY",
    `The relay ${relay} did not get a part of the drop in time`,
    "Check the network, then try again",
  ],
  too_many_drops: (relay) => [
    "RELAY_BUSY",
    `The relay ${relay} takes no more drops from this network now`,
    "Wait a minute and try again; if it keeps as many as it allows, wait until one is taken, take one back (claude-spread stop ID), or name another relay with --relay URL",
  ],
  too_many_requests: (relay) => [
    "RELAY_BUSY",
    `The relay ${relay} has received too many requests from this network`,
    "Wait a minute and try again",
  ],
  store_full: (relay) => [
    "RELAY_BUSY",
    `The relay ${relay} has no space for another drop`,
    LATER,
  ],
  store_failed: (relay) => [
    "RELAY_BUSY",
    `The relay ${relay} cannot use its disk or database at the moment`,
    LATER,
  ],
  shutting_down: (relay) => [
    "RELAY_BUSY",
    `The relay ${relay} is shutting down`,
    "Try again in a moment",
  ],
};

/** Error for a refusal by the relay at this URL. */
export function dropRefused(url: string, refused: DropRefused): SpreadError {
  const { code, fields } = refused;
  const relay = nameRelay(url);
  const words: Words = Object.hasOwn(WORDS, code)
    ? WORDS[code]!(relay, fields)
    : [
      "BAD_MESSAGE",
      `The relay ${relay} did not understand this program (${code})`,
      "Update Claude Spread, or name another relay with --relay URL",
    ];
  return new SpreadError(...words, { cause: refused });
}

/** Error for an answer of the relay at this URL that has another form than the protocol allows. */
export function badAnswer(url: string): SpreadError {
  return new SpreadError(
    "BAD_MESSAGE",
    `The relay ${
      nameRelay(url)
    } answers in a form that this program does not know`,
    "Update Claude Spread, or name another relay with --relay URL",
  );
}

/** A size for people, rounded so that it does not look as if it were within a limit. */
export function shownSize(bytes: number): string {
  return rounded(bytes, Math.ceil);
}

/** A limit for people, rounded so that what is shown is allowed. */
export function shownLimit(bytes: number): string {
  return rounded(bytes, Math.floor);
}

function rounded(bytes: number, round: (tenths: number) => number): string {
  const [tenth, unit] = bytes < 1e6
    ? [1e2, "KB"] as const
    : [1e5, "MB"] as const;
  return `${(round(bytes / tenth) / 10).toFixed(1)} ${unit}`;
}
