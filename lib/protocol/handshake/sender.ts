/**
 * Sender's side of the handshake: answers M1 with M2, and M3 with M4. See docs/protocol.md,
 * sections 3 and 4.
 *
 * @module
 */

import { type Bytes, concatBytes, type FillRandom } from "../../bytes.ts";
import { transcriptIr } from "../../crypto/cpace_strings.ts";
import {
  confirmationTag,
  derivePairSeed,
  deriveRecordKeys,
  importConfirmationKey,
  verifyConfirmationTag,
} from "../../crypto/key_schedule.ts";
import type { Channel } from "../../transports/channel.ts";
import { agree, type Agreement, channelIdentifier } from "./session_key.ts";
import {
  type GuessLedger,
  passphraseRefused,
  tooManyGuesses,
} from "./guesses.ts";
import {
  badMessage,
  decodeHello,
  decodeProof,
  encodeChallenge,
  encodeConfirmation,
  encodeRefusal,
  leftEarly,
  NONCE_BYTES,
  type Proof,
  RECEIVER_ROLE,
  receiverHasOtherSecret,
  type RefusalReason,
  SENDER_ROLE,
} from "./messages.ts";
import type { SecretKind } from "./secret.ts";
import { warmUp } from "./warm_up.ts";
import { SecureChannel, type SecureChannelOptions } from "../secure_channel.ts";

/** Secrets, limits and callbacks of a sender; all before the room code are the same for a whole share. */
export interface SenderSecrets {
  kind: SecretKind;
  /** CPace's password-related string, 32 bytes; derived once for each share. */
  PRS: Promise<Bytes>;
  /** Salt of that derivation, 16 random bytes for each share; not secret. */
  salt: Bytes;
  guesses: GuessLedger;
  fillRandom: FillRandom;
  /** The relay's room code; empty on the LAN. */
  roomCode: string;
  /** Whether the channel gets the seed of a pair. */
  isPairing?: boolean;
  /** Called once the receiver has proved the passphrase, before it hears of that. */
  onProof?: () => void;
}

/**
 * Runs the sender's side, from the receiver's first frame on. The caller sets the time limit,
 * and closes the channel when it fails.
 *
 * @param hello The receiver's first frame, M1.
 * @returns A channel on which the receiver has proved that it knows the passphrase.
 * @throws {SpreadError} `PASSPHRASE_REFUSED` when the receiver's proof is wrong, which
 *   counts as a guess; `SECRET_MISMATCH`; `TOO_MANY_GUESSES`; `BAD_MESSAGE` for another
 *   version: for these the receiver has got a REFUSAL. `BAD_MESSAGE` for an invalid message;
 *   `PEER_GONE`.
 */
export async function handshakeAsSender(
  channel: Channel,
  hello: Bytes,
  secrets: SenderSecrets,
  timing?: SecureChannelOptions,
): Promise<SecureChannel> {
  // M1
  const opening = decodeHello(hello);
  if (opening === null) {
    return await refuse(
      channel,
      "version",
      badMessage("it speaks another version of the protocol"),
    );
  }
  if (secrets.guesses.isRefused(channel.peer)) {
    return await refuse(channel, "tooManyGuesses", tooManyGuesses());
  }
  if (opening.secret !== secrets.kind) {
    const error = receiverHasOtherSecret(secrets.kind, opening.secret);
    return await refuse(channel, "otherSecret", error);
  }

  // M2
  const [cpace, PRS] = await Promise.all([warmUp(), secrets.PRS]);
  const nonce = secrets.fillRandom(new Uint8Array(NONCE_BYTES));
  const sid = concatBytes(opening.nonce, nonce);
  const CI = channelIdentifier(secrets.roomCode, hello);
  const y = cpace.sampleScalar(secrets.fillRandom);
  const Ya = cpace.scalarMult(y, cpace.calculateGenerator(PRS, CI, sid));
  await channel.send(encodeChallenge({ nonce, share: Ya, salt: secrets.salt }));

  // M3
  const frame = await channel.receive();
  if (frame === null) throw leftEarly();
  const proof = decodeProof(frame);
  const ADa = concatBytes(SENDER_ROLE, secrets.salt);
  const transcript = transcriptIr(Ya, ADa, proof.share, RECEIVER_ROLE);
  const K = cpace.scalarMultVfy(y, proof.share);
  const agreement = K && agree(cpace, sid, K, transcript);
  const macKey = await checkGuess(channel, proof, agreement, secrets.guesses);
  secrets.onProof?.();

  // M4
  const { ISK, sidOutput } = agreement!;
  const [tag, keys, seed] = await Promise.all([
    confirmationTag(macKey, Ya, ADa),
    deriveRecordKeys(ISK, sidOutput),
    secrets.isPairing ? derivePairSeed(ISK, sidOutput) : null,
  ]);
  await channel.send(encodeConfirmation(tag));
  return new SecureChannel(
    channel,
    keys.senderToReceiver,
    keys.receiverToSender,
    timing,
    seed,
  );
}

/**
 * Checks the proof as one guess; returns the confirmation key, or refuses the receiver.
 *
 * @param agreement `null` when the receiver's share is not a valid group element, which counts
 *   as a wrong guess.
 */
async function checkGuess(
  channel: Channel,
  proof: Proof,
  agreement: Agreement | null,
  guesses: GuessLedger,
): Promise<CryptoKey> {
  const macKey = agreement &&
    await importConfirmationKey(agreement.sid, agreement.ISK);
  const check = () =>
    macKey === null
      ? Promise.resolve(false)
      : verifyConfirmationTag(macKey, proof.tag, proof.share, RECEIVER_ROLE);
  let isRight: boolean;
  try {
    isRight = await guesses.attempt(channel.peer, check);
  } catch (error) {
    return await refuse(channel, "tooManyGuesses", error as Error);
  }
  return isRight
    ? macKey!
    : await refuse(channel, "notConfirmed", passphraseRefused());
}

/** Sends the receiver a REFUSAL with this reason, and throws `error`. */
export async function refuse(
  channel: Channel,
  reason: RefusalReason,
  error: Error,
): Promise<never> {
  await channel.send(encodeRefusal(reason)).catch(() => {});
  throw error;
}
