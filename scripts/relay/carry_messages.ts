/**
 * Sends 1 MiB through a relay from one end of a room to the other, and compares the bytes that
 * arrive.
 *
 * @module
 */

import type { Bytes } from "../../lib/bytes.ts";
import { SpreadError } from "../../lib/errors.ts";
import type { Channel } from "../../lib/transports/channel.ts";
import { compareMessage, RELAY_FAULTS } from "./faults.ts";
import { unlessAborted } from "../../lib/waiting.ts";
import { withPatience } from "./patience.ts";

/** As large as our largest records: 256 KiB (docs/protocol.md, section 5). */
const MESSAGE_BYTES = 256 * 1024 + 17;

/** Number of messages that make 1 MiB. */
const MESSAGES = 4;

/** Length of the confirmation, in bytes. */
const RECEIPT_BYTES = 32;

/** Time limit of each message, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Time to wait for the relay's reason after a connection has ended, in milliseconds. */
const LAST_WORD_MS = 1_000;

/**
 * Sends 1 MiB of random bytes from one end to the other, compares the bytes that arrive, and
 * waits for a confirmation. Reads both ends all the time: the relay sends a refusal to the end
 * that sends.
 *
 * @returns Number of bytes that arrived.
 * @throws {SpreadError} `RECORD_REFUSED` when other bytes arrive, `PEER_SILENT` when none do,
 * `FRAME_TOO_LARGE`, `PEER_GONE`; the signal's reason.
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

/** Waits for the next message; `count` messages have arrived before. */
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

/**
 * Returns the better reason for a lost connection: the relay's message to the sending end, which
 * comes a moment later.
 */
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
  // The most that the generator returns at once.
  for (let at = 0; at < bytes.length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}
