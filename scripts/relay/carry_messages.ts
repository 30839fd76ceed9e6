/**
 * Sending 1 MiB through a relay, from one end of a room to the other, and comparing what arrives.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";
import { SpreadError } from "../../lib/errors.ts";
import type { Channel } from "../../lib/transports/channel.ts";
import { compareMessage, RELAY_FAULTS } from "./faults.ts";
import { unlessAborted, withPatience } from "./patience.ts";

/** As large as the largest records that we send: 256 KiB (docs/protocol.md, section 5). */
const MESSAGE_BYTES = 256 * 1024 + 17;

/** Messages that make 1 MiB. */
const MESSAGES = 4;

/** Length of what confirms them, in bytes. */
const RECEIPT_BYTES = 32;

/** Time, in milliseconds, that each message has. */
const PATIENCE_MS = 10_000;

/** Time, in milliseconds, for the word of the relay on why a connection has ended. */
const LAST_WORD_MS = 1_000;

/**
 * Sends 1 MiB of random bytes from one end to the other, compares what arrives, and has it
 * confirmed. Both ends are read all the time: what the relay refuses it says to the one who sends.
 *
 * @returns Bytes that have arrived.
 * @throws {SpreadError} `RECORD_REFUSED` when something else arrives, `PEER_SILENT` when nothing
 *   does, `FRAME_TOO_LARGE`, `PEER_GONE`; the signal's reason.
 */
export async function carryMessages(
  from: Channel,
  to: Channel,
  signal: AbortSignal,
): Promise<number> {
  const messages = Array.from({ length: MESSAGES }, makeMessage);
  const receipt = messages[0]!.subarray(0, RECEIPT_BYTES);
  const sending = async () => {
    for (const message of messages) await from.send(message);
  };
  const confirmed = from.receive().then((got) => compareMessage(got, receipt));
  const receiving = async () => {
    for (const [count, message] of messages.entries()) {
      compareMessage(await inTime(to.receive(), count, signal), message);
    }
    await to.send(receipt);
    await inTime(confirmed, MESSAGES, signal);
  };
  try {
    await unlessAborted(
      Promise.all([sending(), confirmed, receiving()]),
      signal,
    );
    return MESSAGES * MESSAGE_BYTES;
  } catch (error) {
    throw await betterReason(error, confirmed);
  }
}

/** What comes next; `count` messages have come. */
async function inTime<T>(
  work: Promise<T>,
  count: number,
  signal: AbortSignal,
): Promise<T> {
  return await withPatience(
    PATIENCE_MS,
    RELAY_FAULTS.stuck(count, MESSAGES, PATIENCE_MS),
    signal,
    (signal) => unlessAborted(work, signal),
  );
}

/** Why a connection has ended: what the end that sends is told of it comes a moment later. */
async function betterReason(
  error: unknown,
  confirmed: Promise<void>,
): Promise<unknown> {
  if (!(error instanceof SpreadError) || error.code !== "PEER_GONE") {
    return error;
  }
  try {
    await unlessAborted(confirmed, AbortSignal.timeout(LAST_WORD_MS));
  } catch (reason) {
    if (reason instanceof SpreadError) return reason;
  }
  return error;
}

function makeMessage(): Bytes {
  const bytes = new Uint8Array(MESSAGE_BYTES);
  // As much as the generator gives at once.
  for (let at = 0; at < bytes.length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}
