/**
 * Faults that a check can find in a relay that accepts connections, in words for people, above
 * all for its operator. `lib/transports` explains failures to connect.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";
import { SpreadError, type SpreadErrorCode } from "../../lib/errors.ts";
import type { CheckStep } from "./steps.ts";

const ELSEWHERE = "Use another relay, or tell whoever runs this one";

/** Errors for each fault; times are in milliseconds. */
export const RELAY_FAULTS = {
  slow: (ms: number) =>
    fault(
      "PEER_SILENT",
      `The check did not finish within ${ms / 1000} seconds`,
      "Try again later, or from another network: this network, the relay or a proxy on the way is slow",
    ),
  notLetIn: () =>
    fault(
      "PEER_SILENT",
      "The relay does not let a receiver into the room that it has just made",
      ELSEWHERE,
    ),
  silent: (ms: number) =>
    fault(
      "PEER_SILENT",
      `The relay has forwarded nothing for ${
        ms / 1000
      } seconds, once both sides were there`,
      ELSEWHERE,
    ),
  stuck: (count: number, of: number, ms: number) =>
    fault(
      "PEER_SILENT",
      `The relay forwarded ${count} of ${of} messages of 256 KiB, and then nothing for ${
        ms / 1000
      } seconds`,
      "Check the limits of the relay and of a proxy in front of it, or use another relay: one of them loses large messages or holds them back",
    ),
  twoSpecifications: () =>
    fault(
      "BAD_MESSAGE",
      "The relay speaks one specification with the sender and another with the receiver",
      "Ask whoever runs the relay to run only one version behind this address",
    ),
  altered: (at: number) =>
    fault(
      "RECORD_REFUSED",
      `The relay changes, loses or repeats what it forwards: a message differs from the one that was sent, from byte ${at} on`,
      `${ELSEWHERE}: it is broken, or a proxy in front of it, and nothing can be handed over through it`,
    ),
  stranger: () =>
    fault(
      "BAD_MESSAGE",
      "The relay mixes up rooms: somebody else answers in the one of this check",
      ELSEWHERE,
    ),
};

/** Explains a failure at the given step. */
export function faultAt(step: CheckStep, error: unknown): unknown {
  if (!(error instanceof SpreadError)) return error;
  switch (error.code) {
    case "NO_ROOM":
      return fault(
        "NO_ROOM",
        "The relay does not know the room that it has just made",
        "Ask whoever runs the relay: several instances behind one address have to share their rooms (RELAY_BACKEND=kv)",
        error,
      );
    case "FRAME_TOO_LARGE":
      return fault(
        "FRAME_TOO_LARGE",
        "The relay does not forward messages of 256 KiB, which every hand-over needs",
        "Ask whoever runs the relay to raise RELAY_MAX_MSG_SIZE (10 MiB by default), or the limit of the proxy in front of it",
        error,
      );
    case "PEER_GONE":
      return fault("PEER_GONE", `The relay ${CUTS[step]}`, TRY_AGAIN, error);
    default:
      return error;
  }
}

const TRY_AGAIN =
  "Try again. If it ends there each time, look into the logs of the relay and of a proxy in front of it";

/** Meaning of a lost connection at each step. */
const CUTS: Record<CheckStep, string> = {
  connection: "ended the connection",
  specification: "ended the connection",
  room: "ended the connection before both sides had met in the room",
  to_sender: "ended the connection with 1 MiB on its way to the sender",
  to_receiver: "ended the connection with 1 MiB on its way to the receiver",
  pairs: "ended the connection",
};

/**
 * Compares a message with the one that was sent; `null` stands for an orderly end.
 *
 * @throws {SpreadError} `RECORD_REFUSED`, `PEER_GONE`.
 */
export function compareMessage(got: Bytes | null, sent: Bytes): void {
  if (got === null) {
    throw fault("PEER_GONE", "The connection to the relay has ended", "");
  }
  const at = firstDifference(got, sent);
  if (at !== null) throw RELAY_FAULTS.altered(at);
}

/**
 * Like {@linkcode compareMessage}, for the first message, by which the two ends recognize each
 * other.
 *
 * @throws {SpreadError} Also `BAD_MESSAGE`, when it comes from someone else.
 */
export function compareGreeting(got: Bytes | null, sent: Bytes): void {
  if (got !== null && !isAlike(got, sent)) throw RELAY_FAULTS.stranger();
  compareMessage(got, sent);
}

/** Index of the first difference; `null` when the messages are equal. */
function firstDifference(a: Bytes, b: Bytes): number | null {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i;
  return null;
}

/** Whether a message may be an altered copy of the other: 1 random byte in 256 is equal. */
function isAlike(got: Bytes, sent: Bytes): boolean {
  const same = got.filter((byte, i) => byte === sent[i]);
  return same.length > sent.length / 4;
}

function fault(
  code: SpreadErrorCode,
  message: string,
  hint: string,
  cause?: unknown,
): SpreadError {
  return new SpreadError(code, message, hint, { cause });
}
