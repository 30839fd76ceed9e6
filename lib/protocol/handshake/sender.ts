/**
 * Sender's side of the handshake: answers M1 with M2, and M3 with M4. See docs/protocol.md,
 * sections 3 and 4.
 *
 * @module
 */

import {
  type Bytes,
  concatBytes,
  type FillRandom,
  isSame,
} from "../../bytes.ts";
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
  pairRefused,
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
  type Hello,
  leftEarly,
  NONCE_BYTES,
  type Proof,
  RECEIVER_ROLE,
  type RefusalReason,
  SENDER_ROLE,
} from "./messages.ts";
import {
  type PairSecret,
  receiverHasOtherSecret,
  type SenderSecret,
} from "./secret.ts";
import { warmUp } from "./warm_up.ts";
import { SecureChannel, type SecureChannelOptions } from "../secure_channel.ts";

/** Secrets and limits of a share, the same for all its receivers. */
export type ShareSecrets = SenderSecret & {
  /** Salt of the stretching of a passphrase, 16 random bytes for each share; not secret. */
  salt: Bytes;
  /** Counts the guesses; wrong proofs of a pair are none. */
  guesses: GuessLedger;
  fillRandom: FillRandom;
  /** Whether the channel gets the seed of a pair. */
  isPairing?: boolean;
};

/** Secrets, limits and callbacks of a sender for one receiver. */
export type SenderSecrets = ShareSecrets & {
  /** The relay's room code; empty on the LAN. */
  roomCode: string;
  /**
   * Called once the receiver has proved the secret, before it hears of that.
   *
   * @param pair The one of `pairs` that it belongs to.
   */
  onProof?: (pair?: PairSecret) => void;
};

/**
 * Runs the sender's side, from the receiver's first frame on. The caller sets the time limit,
 * and closes the channel when it fails.
 *
 * @param hello The receiver's first frame, M1.
 * @returns A channel on which the receiver has proved that it knows the secret.
 * @throws {SpreadError} `PASSPHRASE_REFUSED` when the receiver's proof is wrong, which
 *   counts as a guess, except for pairs; `SECRET_MISMATCH`; `TOO_MANY_GUESSES`; `BAD_MESSAGE` for another
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

  const pair = await findPair(secrets, opening);

  // M2. A receiver of no pair of ours gets one as well: whoever repeats an M1 that was overheard
  // must not learn whether this share is for the same pair as the other one.
  const deriving = secrets.kind === "pair"
    ? pair?.PRS ?? secrets.fillRandom(new Uint8Array(32))
    : secrets.PRS;
  const [cpace, PRS] = await Promise.all([warmUp(), deriving]);
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
  const macKey = await checkProof(channel, proof, agreement, secrets);
  secrets.onProof?.(pair);

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
 * Finds the pair that a receiver belongs to, in a time that does not depend on which it is.
 *
 * @returns `undefined` for a share without pairs, and when the share is not for its pair.
 */
async function findPair(
  secrets: SenderSecret,
  { nonce, tag }: Hello,
): Promise<PairSecret | undefined> {
  if (secrets.kind !== "pair") return undefined;
  const { pairs } = secrets;
  const tags = await Promise.all(pairs.map((one) => one.helloTag(nonce)));
  const areSame = tags.map((one) => isSame(one, tag));
  return pairs[areSame.indexOf(true)];
}

/**
 * Checks the proof, as one guess unless it is that of a pair; returns the confirmation key, or
 * refuses the receiver.
 *
 * @param agreement `null` when the receiver's share is not a valid group element, which counts
 *   as a wrong proof.
 */
async function checkProof(
  channel: Channel,
  proof: Proof,
  agreement: Agreement | null,
  { kind, guesses }: SenderSecrets,
): Promise<CryptoKey> {
  const macKey = agreement &&
    await importConfirmationKey(agreement.sid, agreement.ISK);
  const check = () =>
    macKey === null
      ? Promise.resolve(false)
      : verifyConfirmationTag(macKey, proof.tag, proof.share, RECEIVER_ROLE);
  // Nobody guesses 256 bits, and counting would let a stranger end the share.
  if (kind === "pair") {
    return await check()
      ? macKey!
      : await refuse(channel, "notConfirmed", pairRefused());
  }
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
async function refuse(
  channel: Channel,
  reason: RefusalReason,
  error: Error,
): Promise<never> {
  await channel.send(encodeRefusal(reason)).catch(() => {});
  throw error;
}
