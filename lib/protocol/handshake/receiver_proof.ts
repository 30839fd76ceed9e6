/**
 * The receiver's proof: sends M3, and checks the sender's answer, M4.
 *
 * @module
 */

import { type Bytes, concatBytes, type FillRandom } from "../../bytes.ts";
import { transcriptIr } from "../../crypto/cpace_strings.ts";
import {
  confirmationTag,
  deriveRecordKeys,
  importConfirmationKey,
  verifyConfirmationTag,
} from "../../crypto/key_schedule.ts";
import { SpreadError } from "../../errors.ts";
import type { Channel } from "../../transports/channel.ts";
import { agree, channelIdentifier } from "./session_key.ts";
import { passphraseRefused } from "./guesses.ts";
import {
  badMessage,
  type Challenge,
  decodeConfirmation,
  decodeHello,
  encodeProof,
  leftEarly,
  RECEIVER_ROLE,
  SENDER_ROLE,
} from "./messages.ts";
import { warmUp } from "./warm_up.ts";
import { SecureChannel, type SecureChannelOptions } from "../secure_channel.ts";

/** Rounds of warm-up: on two cores, more would take from the stretching what they save. */
const WARM_UP_ROUNDS = 3;

/** The beginning of a handshake. */
export interface Opening {
  /** M1, as it was sent. */
  hello: Bytes;
  /** M2. */
  challenge: Challenge;
  /** The passphrase, still being stretched. */
  stretching: Promise<Bytes>;
  /** The relay's room code; empty on the LAN. */
  roomCode: string;
}

/**
 * Proves the passphrase to the sender, and checks the sender's proof.
 *
 * @throws {SpreadError} `PASSPHRASE_REFUSED` for any failure once the proof is sent; before
 *   that `BAD_MESSAGE`, `PEER_GONE`.
 */
export async function proveAsReceiver(
  channel: Channel,
  { hello, challenge, stretching, roomCode }: Opening,
  fillRandom: FillRandom,
  timing?: SecureChannelOptions,
): Promise<SecureChannel> {
  let isStretched = false;
  const settled = stretching.finally(() => isStretched = true);
  // The shared point does not depend on the passphrase, so it is computed during the
  // stretching.
  const cpace = await warmUp(WARM_UP_ROUNDS, () => isStretched);
  const y = cpace.sampleScalar(fillRandom);
  const K = cpace.scalarMultVfy(y, challenge.share);
  const stretched = await settled;
  if (K === null) throw badMessage("its share is not a valid group element");
  const sid = concatBytes(decodeHello(hello)!, challenge.nonce);
  const CI = channelIdentifier(roomCode, hello);
  const ADa = concatBytes(SENDER_ROLE, challenge.salt);
  const g = cpace.calculateGenerator(stretched, CI, sid);
  const Yb = cpace.scalarMult(y, g);
  const transcript = transcriptIr(challenge.share, ADa, Yb, RECEIVER_ROLE);
  const agreement = agree(cpace, sid, K, transcript);

  // M3
  const macKey = await importConfirmationKey(sid, agreement.ISK);
  const tag = await confirmationTag(macKey, Yb, RECEIVER_ROLE);
  await channel.send(encodeProof({ share: Yb, tag }));
  // Derived while the sender checks the proof; the keys open nothing before M4 is
  // checked.
  const keys = await deriveRecordKeys(agreement.ISK, agreement.sidOutput);

  // M4
  try {
    const confirmation = decodeConfirmation(await present(channel.receive()));
    if (
      !(await verifyConfirmationTag(macKey, confirmation, challenge.share, ADa))
    ) {
      throw badMessage("its confirmation is not valid");
    }
  } catch (error) {
    throw isInterruption(error) ? error : passphraseRefused(error);
  }
  return new SecureChannel(
    channel,
    keys.receiverToSender,
    keys.senderToReceiver,
    timing,
  );
}

async function present(receiving: Promise<Bytes | null>): Promise<Bytes> {
  const frame = await receiving;
  if (frame === null) throw leftEarly();
  return frame;
}

function isInterruption(error: unknown): boolean {
  return SpreadError.is(error, "INTERRUPTED");
}
