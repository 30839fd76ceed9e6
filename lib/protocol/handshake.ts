/**
 * The handshake of protocol 2: both sides prove that they know the passphrase, and end
 * with a secure channel. See docs/protocol.md, sections 3 and 4.
 *
 *     M1  receiver → sender   HELLO          version, nonce_r
 *     M2  sender → receiver   CHALLENGE      nonce_s, Ya, 'S', salt
 *     M3  receiver → sender   PROOF          Yb, Tb
 *     M4  sender → receiver   CONFIRMATION   Ta
 *
 * The sender is CPace's party A. Nothing about the payload is sent before both sides are
 * confirmed. A wrong passphrase, a changed message and a man in the middle end in one and
 * the same error.
 *
 * @module
 */

import { type Bytes, concatBytes, type FillRandom, utf8 } from "../bytes.ts";
import { lvCat, transcriptIr } from "../crypto/cpace_strings.ts";
import {
  confirmationTag,
  deriveRecordKeys,
  importConfirmationKey,
  verifyConfirmationTag,
} from "../crypto/key_schedule.ts";
import { stretchPassphrase } from "../crypto/kdf.ts";
import { SpreadError } from "../errors.ts";
import type { Channel } from "../transports/channel.ts";
import {
  type GuessLedger,
  passphraseRefused,
  tooManyGuesses,
} from "./guesses.ts";
import {
  badMessage,
  type Challenge,
  decodeChallenge,
  decodeConfirmation,
  decodeHello,
  decodeProof,
  decodeRefusal,
  encodeChallenge,
  encodeConfirmation,
  encodeHello,
  encodeProof,
  encodeRefusal,
  LEGACY_FIRST_BYTE,
  NONCE_BYTES,
  type Proof,
  RECEIVER_ROLE,
  type RefusalReason,
  SENDER_ROLE,
} from "./messages.ts";
import { type Cpace, rehearse } from "./rehearsal.ts";
import { SecureChannel, type SecureChannelOptions } from "./secure_channel.ts";

/** Time, in milliseconds, that a whole handshake may take. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Rounds of a receiver's rehearsal: as many as the stretching, 70 ms or more, leaves time for. */
const RECEIVER_REHEARSALS = 8;

/** What a receiver brings to the handshake. */
export interface ReceiverSecrets {
  passphrase: string;
  /** The relay's room code; empty on the LAN. */
  roomCode: string;
  fillRandom: FillRandom;
  /** Called while the stretching keeps another thread busy: a moment to load what comes next. */
  onIdle?: () => void;
}

/** What a sender brings to the handshakes of one share. */
export interface SenderSecrets {
  /** The stretched passphrase; derived once for each share. */
  stretched: Promise<Bytes>;
  /** Salt of the stretching, random for each share. */
  salt: Bytes;
  /** The relay's room code; empty on the LAN. */
  roomCode: string;
  guesses: GuessLedger;
  fillRandom: FillRandom;
}

/** What both sides know once they have each other's share. */
interface Agreement {
  sid: Bytes;
  ISK: Bytes;
  sidOutput: Bytes;
}

/**
 * Runs the receiver's side.
 *
 * @throws {SpreadError} `PASSPHRASE_REFUSED` for whatever goes wrong once the proof is
 *   sent: the sender may have used a guess. Before that `BAD_MESSAGE`, `PEER_GONE`,
 *   `TOO_MANY_GUESSES`, `PEER_BUSY`, `LEGACY_PEER`.
 */
export async function handshakeAsReceiver(
  channel: Channel,
  secrets: ReceiverSecrets,
  timing?: SecureChannelOptions,
): Promise<SecureChannel> {
  // M1
  const hello = encodeHello(secrets.fillRandom(new Uint8Array(NONCE_BYTES)));
  await channel.send(hello);

  // M2
  const challenge = readChallenge(await channel.receive());
  let isStretched = false;
  const stretching = stretchPassphrase(secrets.passphrase, challenge.salt)
    .finally(() => isStretched = true);
  const loading = rehearse(RECEIVER_REHEARSALS, () => isStretched);
  secrets.onIdle?.();
  // The shared point takes no passphrase: it is computed while that is being stretched.
  const cpace = await loading;
  const y = cpace.sampleScalar(secrets.fillRandom);
  const K = cpace.scalarMultVfy(y, challenge.share);
  const stretched = await stretching;
  if (K === null) throw badMessage("its share is not a valid group element");
  const sid = concatBytes(nonceOf(hello), challenge.nonce);
  const CI = channelIdentifier(secrets.roomCode, hello);
  const ADa = concatBytes(SENDER_ROLE, challenge.salt);
  const g = cpace.calculateGenerator(stretched, CI, sid);
  const Yb = cpace.scalarMult(y, g);
  const transcript = transcriptIr(challenge.share, ADa, Yb, RECEIVER_ROLE);
  const agreement = agree(cpace, sid, K, transcript);

  // M3
  const macKey = await importConfirmationKey(sid, agreement.ISK);
  const tag = await confirmationTag(macKey, Yb, RECEIVER_ROLE);
  await channel.send(encodeProof({ share: Yb, tag }));
  // While the sender checks it; they open nothing before M4 has been checked.
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

/**
 * Runs the sender's side, from the receiver's first frame on.
 *
 * @throws {SpreadError} `PASSPHRASE_REFUSED` when the receiver's proof is wrong, which is
 *   counted; `TOO_MANY_GUESSES`; `BAD_MESSAGE`; `PEER_GONE`. The receiver has been told.
 */
export async function handshakeAsSender(
  channel: Channel,
  hello: Bytes,
  secrets: SenderSecrets,
  timing?: SecureChannelOptions,
): Promise<SecureChannel> {
  // M1
  const receiverNonce = decodeHello(hello);
  if (receiverNonce === null) {
    return await refuse(
      channel,
      "version",
      badMessage("it speaks a newer protocol"),
    );
  }
  if (secrets.guesses.isRefused(channel.peer)) {
    return await refuse(channel, "tooManyGuesses", tooManyGuesses());
  }

  // M2
  const [cpace, stretched] = await Promise.all([
    rehearse(),
    secrets.stretched,
  ]);
  const nonce = secrets.fillRandom(new Uint8Array(NONCE_BYTES));
  const sid = concatBytes(receiverNonce, nonce);
  const CI = channelIdentifier(secrets.roomCode, hello);
  const y = cpace.sampleScalar(secrets.fillRandom);
  const Ya = cpace.scalarMult(y, cpace.calculateGenerator(stretched, CI, sid));
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

  // M4
  const [tag, keys] = await Promise.all([
    confirmationTag(macKey, Ya, ADa),
    deriveRecordKeys(agreement!.ISK, agreement!.sidOutput),
  ]);
  await channel.send(encodeConfirmation(tag));
  return new SecureChannel(
    channel,
    keys.senderToReceiver,
    keys.receiverToSender,
    timing,
  );
}

/** What the shared point and the exchanged shares lead to. */
function agree(
  cpace: Cpace,
  sid: Bytes,
  K: Bytes,
  transcript: Bytes,
): Agreement {
  return {
    sid,
    ISK: cpace.intermediateSessionKey(sid, K, transcript),
    sidOutput: cpace.sidOutput(transcript),
  };
}

/** Checks the proof as one guess; returns the confirmation key, or refuses the receiver. */
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

/** Tells the receiver why the handshake ends, and throws `error`. */
export async function refuse(
  channel: Channel,
  reason: RefusalReason,
  error: Error,
): Promise<never> {
  await channel.send(encodeRefusal(reason)).catch(() => {});
  throw error;
}

/** CPace's channel identifier: suite, roles, room and the exact first message. */
function channelIdentifier(roomCode: string, hello: Bytes): Bytes {
  const suite = "claude-spread/2 CPACE-RISTR255-SHA512";
  return lvCat(
    utf8(suite),
    utf8("sender"),
    utf8("receiver"),
    utf8(roomCode),
    hello,
  );
}

function nonceOf(hello: Bytes): Bytes {
  return decodeHello(hello)!;
}

function readChallenge(frame: Bytes | null): Challenge {
  if (frame === null) throw leftEarly();
  if (frame[0] === LEGACY_FIRST_BYTE) throw legacyPeer();
  switch (decodeRefusal(frame)) {
    case "tooManyGuesses":
      throw tooManyGuesses();
    case "busy":
      throw tooBusy();
    case "version":
      throw badMessage("it does not speak protocol 2");
  }
  return decodeChallenge(frame);
}

async function present(receiving: Promise<Bytes | null>): Promise<Bytes> {
  const frame = await receiving;
  if (frame === null) throw leftEarly();
  return frame;
}

function isInterruption(error: unknown): boolean {
  return error instanceof SpreadError && error.code === "INTERRUPTED";
}

function leftEarly(): SpreadError {
  return new SpreadError(
    "PEER_GONE",
    "The other side closed before the handshake was complete",
    "Check that host and port are those of a Claude Spread sender",
  );
}

/** The sender has no room for another connection. */
export function tooBusy(): SpreadError {
  return new SpreadError(
    "PEER_BUSY",
    "The sender has too many connections",
    "Try again in a moment",
  );
}

/** The sender speaks protocol 1 only. */
export function legacyPeer(): SpreadError {
  return new SpreadError(
    "LEGACY_PEER",
    "The sender speaks the old protocol 1",
    "Ask for an update of the sender, or add --legacy (anyone who watches can then try passphrases)",
  );
}
