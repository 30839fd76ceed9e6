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
      `The check did not come to its end within ${ms / 1000} seconds`,
      "The network, the relay or a proxy on the way is slow: try again later, or from another network",
    ),
  notLetIn: () =>
    fault(
      "PEER_SILENT",
      "The relay lets no receiver into the room that it has just made",
      ELSEWHERE,
    ),
  silent: (ms: number) =>
    fault(
      "PEER_SILENT",
      `The relay has passed nothing on for ${
        ms / 1000
      } seconds, once both sides were there`,
      ELSEWHERE,
    ),
  stuck: (count: number, of: number, ms: number) =>
    fault(
      "PEER_SILENT",
      `The relay passed on ${count} of ${of} messages of 256 KiB, and nothing for ${
        ms / 1000
      } seconds then`,
      "It, or a proxy in front of it, loses large messages or holds them back: check the limits of both, or use another relay",
    ),
  twoSpecifications: () =>
    fault(
      "BAD_MESSAGE",
      "The relay speaks another specification with a receiver than with a sender",
      "Whoever runs it should have one version only behind this address",
    ),
  altered: (at: number) =>
    fault(
      "RECORD_REFUSED",
      `The relay changes, loses or repeats what it passes on: a message is not the one that was sent, from byte ${at} on`,
      `Nothing can be handed over through it: it is broken, or a proxy in front of it. ${ELSEWHERE}`,
    ),
  stranger: () =>
    fault(
      "BAD_MESSAGE",
      "The relay brings together those who do not belong together: somebody else answers in our room",
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
        "If several instances run behind this address, they have to share their rooms (RELAY_BACKEND=kv), or one alone has to run",
        error,
      );
    case "FRAME_TOO_LARGE":
      return fault(
        "FRAME_TOO_LARGE",
        "The relay does not pass on messages of 256 KiB, in which everything is handed over",
        "Whoever runs it has to raise RELAY_MAX_MSG_SIZE (10 MiB by default), or the limit of the proxy in front of it",
        error,
      );
    case "PEER_GONE":
      return fault("PEER_GONE", `The relay ${CUTS[step]}`, TRY_AGAIN, error);
    default:
      return error;
  }
}

const TRY_AGAIN =
  "Try again. If it ends there each time, the relay, or a proxy in front of it, is the reason: look into the log of both";

/** Meaning of a lost connection at each step. */
const CUTS: Record<CheckStep, string> = {
  connection: "ended the connection",
  specification: "ended the connection",
  room: "ended the connection before both sides had met in the room",
  to_sender: "ended the connection with 1 MiB on its way to the sender",
  to_receiver: "ended the connection with 1 MiB on its way to the receiver",
};

/**
 * Compares a message with the one that was sent; `null` stands for an orderly end.
 *
 * @throws {SpreadError} `RECORD_REFUSED`, `PEER_GONE`.
 */
export function compareMessage(got: Bytes | null, sent: Bytes): void {
  if (got === null) throw fault("PEER_GONE", "The connection has ended", "");
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
