/**
 * Receiver's side of the handshake: sends M1 and M3, reads M2 and M4. See docs/protocol.md,
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
import { SpreadError } from "../../errors.ts";
import type { Channel } from "../../transports/channel.ts";
import { SecureChannel, type SecureChannelOptions } from "../secure_channel.ts";
import { pairRefused, passphraseRefused, tooManyGuesses } from "./guesses.ts";
import {
  badMessage,
  decodeChallenge,
  decodeConfirmation,
  decodeRefusal,
  encodeHello,
  encodePairHello,
  encodeProof,
  leftEarly,
  LEGACY_FIRST_BYTE,
  legacyPeer,
  NONCE_BYTES,
  RECEIVER_ROLE,
  SENDER_ROLE,
  tooBusy,
} from "./messages.ts";
import {
  kindOfPassphrase,
  kindOfSecret,
  otherSecret,
  passwordRelatedString,
  type Secret,
  type SecretKind,
} from "./secret.ts";
import { agree, channelIdentifier } from "./session_key.ts";

/** Secrets and callbacks of a receiver. */
export interface ReceiverSecrets {
  secret: Secret;
  /** The relay's room code; empty on the LAN. */
  roomCode: string;
  fillRandom: FillRandom;
  /** Whether the channel gets the seed of a pair. */
  isPairing?: boolean;
  /** Called as the proof is sent: while the sender checks it, modules can be loaded. */
  onIdle?: () => void;
}

/**
 * Runs the receiver's side. The caller sets the time limit, and closes the channel when it
 * fails.
 *
 * @returns A channel on which the sender has proved that it knows the secret.
 * @throws {SpreadError} `PASSPHRASE_REFUSED` for any failure once the proof is sent: the
 *   sender may have counted a guess, and whoever refuses can check one by the proof. Before that
 *   `BAD_MESSAGE`, `PEER_GONE`, `SECRET_MISMATCH`, `TOO_MANY_GUESSES`, `PEER_BUSY`, `LEGACY_PEER`.
 */
export async function handshakeAsReceiver(
  channel: Channel,
  { secret, roomCode, fillRandom, isPairing, onIdle }: ReceiverSecrets,
  timing?: SecureChannelOptions,
): Promise<SecureChannel> {
  // M1
  const kind = kindOfSecret(secret);
  const nonce = fillRandom(new Uint8Array(NONCE_BYTES));
  const hello = await helloOf(secret, nonce);
  await channel.send(hello);
  // Loaded while the sender computes its share.
  const loading = import("../../crypto/cpace.ts");

  // M2
  const challenge = decodeChallenge(readAnswer(await channel.receive(), kind));
  // M4, or a refusal, which may come while the proof is computed.
  const answering = channel.receive();
  answering.catch(() => {});
  const deriving = typeof secret === "string"
    ? passwordRelatedString(secret, challenge.salt)
    : secret.PRS;
  const cpace = await loading;
  const y = cpace.sampleScalar(fillRandom);
  // K does not depend on the secret, which may be stretched on another thread meanwhile.
  const K = cpace.scalarMultVfy(y, challenge.share);
  const PRS = await deriving;
  if (K === null) throw badMessage("its share is not a valid group element");
  const sid = concatBytes(nonce, challenge.nonce);
  const CI = channelIdentifier(roomCode, hello);
  const ADa = concatBytes(SENDER_ROLE, challenge.salt);
  const Yb = cpace.scalarMult(y, cpace.calculateGenerator(PRS, CI, sid));
  const transcript = transcriptIr(challenge.share, ADa, Yb, RECEIVER_ROLE);
  const agreement = agree(cpace, sid, K, transcript);

  // M3
  const macKey = await importConfirmationKey(sid, agreement.ISK);
  const tag = await confirmationTag(macKey, Yb, RECEIVER_ROLE);
  await checkNotRefused(answering, kind);
  const proving = channel.send(encodeProof({ share: Yb, tag }));
  // From here on the sender may have the proof, whenever the network says so.
  onIdle?.();
  await proving;
  // Derived while the sender checks the proof; not used before M4 is verified.
  const { ISK, sidOutput } = agreement;
  const [keys, seed] = await Promise.all([
    deriveRecordKeys(ISK, sidOutput),
    isPairing ? derivePairSeed(ISK, sidOutput) : null,
  ]);

  // M4
  try {
    const confirmation = decodeConfirmation(await present(answering));
    if (
      !(await verifyConfirmationTag(macKey, confirmation, challenge.share, ADa))
    ) {
      throw badMessage("its confirmation is not valid");
    }
  } catch (error) {
    if (SpreadError.is(error, "INTERRUPTED")) throw error;
    throw kind === "pair" ? pairRefused(error) : passphraseRefused(error);
  }
  return new SecureChannel(
    channel,
    keys.receiverToSender,
    keys.senderToReceiver,
    timing,
    seed,
  );
}

/** M1 for a secret. */
async function helloOf(secret: Secret, nonce: Bytes): Promise<Bytes> {
  return typeof secret === "string"
    ? encodeHello(kindOfPassphrase(secret), nonce)
    : encodePairHello(nonce, await secret.helloTag(nonce));
}

/**
 * Throws if the sender has said anything since M2, or has closed: no proof is wasted then, and
 * its reason can be believed.
 */
async function checkNotRefused(
  answering: Promise<Bytes | null>,
  kind: SecretKind,
): Promise<void> {
  const frame = await Promise.race([answering, Promise.resolve(undefined)]);
  if (frame === undefined) return;
  readAnswer(frame, kind);
  throw badMessage("it did not wait for the proof");
}

/** The frame of an answer to M1, unless it is a refusal. */
function readAnswer(frame: Bytes | null, kind: SecretKind): Bytes {
  if (frame === null) throw leftEarly();
  if (frame[0] === LEGACY_FIRST_BYTE) throw legacyPeer();
  switch (decodeRefusal(frame)) {
    case "tooManyGuesses":
      throw tooManyGuesses();
    case "busy":
      throw tooBusy();
    case "version":
      throw badMessage("it does not speak protocol 2");
    case "otherSecret":
      throw otherSecret(kind);
  }
  return frame;
}

async function present(receiving: Promise<Bytes | null>): Promise<Bytes> {
  const frame = await receiving;
  if (frame === null) throw leftEarly();
  return frame;
}
