/**
 * Becoming a pair: the exchange of PAIR and PAIRED, in place of an offer. See docs/protocol.md,
 * section 14.2.
 *
 * It stores nothing itself, and leaves names as the other side wrote them: the caller cleans them.
 *
 * @module
 */

import * as v from "valibot";
import { type Bytes, utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { withDeadline } from "./deadline.ts";
import { badMessage } from "./handshake/messages.ts";
import type { SecureChannel } from "./secure_channel.ts";
import {
  decodeReason,
  encodeReason,
  type EndReason,
  parseJson,
} from "./transfer/offer.ts";
import { RECORD } from "./transfer/record_types.ts";

/** Largest body of a PAIR record, in bytes. */
const MAX_PAIR_BYTES = 4096;

const SideSchema = v.object({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
  relay: v.optional(v.pipe(v.string(), v.url())),
});

/** One side of a pair, as it describes itself: its name, and the relay if it is the sender. */
export type Side = v.InferOutput<typeof SideSchema>;

/**
 * Runs the sender's side on a channel with a seed.
 *
 * @param store Keeps the pair, under a name of the receiver's; `seed` is 32 bytes, and secret.
 * @returns Whether the receiver says that it has stored the pair; otherwise only this side is
 *   known to have it.
 * @throws {SpreadError} Whatever ended the exchange before the pair was stored; `DECLINED` when the
 *   receiver does not want it; `BAD_MESSAGE`.
 */
export async function pairAsSender(
  channel: SecureChannel,
  own: Side,
  store: (name: string, seed: Bytes) => Promise<void>,
): Promise<boolean> {
  channel.send(RECORD.pair, encodeSide(own)).catch(() => {});
  const { name } = decodeSide(await receiveOne(channel, RECORD.pair));
  try {
    await store(name, channel.takeSeed());
  } catch (error) {
    await declinePair(channel);
    throw error;
  }
  try {
    await channel.send(RECORD.paired, new Uint8Array(0));
    await receiveOne(channel, RECORD.paired);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads what the sender says of itself; it has stored nothing yet.
 *
 * @throws {SpreadError} `PAYLOAD_UNWANTED` when the words are those of a share; whatever ended the
 *   connection; `BAD_MESSAGE`.
 */
export async function receivePair(channel: SecureChannel): Promise<Side> {
  return decodeSide(await receiveOne(channel, RECORD.pair));
}

/** Tells the other side that there will be no pair. */
export async function declinePair(channel: SecureChannel): Promise<void> {
  await channel.send(RECORD.decline, encodeReason("declined")).catch(() => {});
}

/**
 * Answers the sender's PAIR. When this fails, the sender may have stored the pair all the same.
 *
 * @param name Name of this side.
 * @param store Keeps the pair; `seed` is 32 bytes, and secret.
 * @throws {SpreadError} Whatever ended the exchange before the pair was stored; `BAD_MESSAGE`.
 */
export async function answerPair(
  channel: SecureChannel,
  name: string,
  store: (seed: Bytes) => Promise<void>,
): Promise<void> {
  await channel.send(RECORD.pair, encodeSide({ name }));
  await receiveOne(channel, RECORD.paired);
  await store(channel.takeSeed());
  // The pair is stored, whether or not the sender still hears of it.
  await channel.send(RECORD.paired, new Uint8Array(0)).catch(() => {});
  await channel.waitForClose();
}

/**
 * Refuses PAIR in place of an offer.
 *
 * @throws {SpreadError} `PAYLOAD_UNWANTED`, always.
 */
export async function refusePairing(channel: SecureChannel): Promise<never> {
  return await refuseWords(channel, "pair");
}

/** Tells the sender, and the person here, that the words are for the other command. */
async function refuseWords(
  channel: SecureChannel,
  command: "pair" | "receive",
): Promise<never> {
  await channel.send(RECORD.decline, encodeReason("unwanted")).catch(() => {});
  throw otherWords(command);
}

/** Error of a receiver that was given the words of the other command. */
function otherWords(command: "pair" | "receive"): SpreadError {
  return new SpreadError(
    "PAYLOAD_UNWANTED",
    command === "pair"
      ? "These words make a pair of two machines; nothing is shared with them"
      : "These words are for a share, and cannot make a pair; nothing was taken",
    `Type claude-spread ${command} WORDS, with the same words`,
  );
}

/** The body of the next record, which has to be of this type. */
async function receiveOne(
  channel: SecureChannel,
  wanted: typeof RECORD.pair | typeof RECORD.paired,
): Promise<Bytes> {
  const { type, body } = await withDeadline(
    channel,
    channel.answerMs,
    () => channel.receive(),
  );
  if (type === wanted) return body;
  if (type === RECORD.decline) throw declined(decodeReason(body));
  if (type === RECORD.offer) return await refuseWords(channel, "receive");
  throw badMessage(`a record of type ${type} does not belong here`);
}

function encodeSide(side: Side): Bytes {
  return utf8(JSON.stringify(v.parse(SideSchema, side)));
}

function decodeSide(body: Bytes): Side {
  if (body.length > MAX_PAIR_BYTES) {
    throw badMessage(`PAIR is ${body.length} bytes long`);
  }
  return parseJson(SideSchema, body, "PAIR");
}

function declined(reason: EndReason): SpreadError {
  return new SpreadError(
    "DECLINED",
    reason === "unwanted"
      ? "The other machine ran claude-spread receive, but these words make a pair"
      : "The other machine did not accept the pair",
    reason === "unwanted"
      ? "Type claude-spread pair there, with the same words"
      : "Read what claude-spread says on the other machine",
  );
}
