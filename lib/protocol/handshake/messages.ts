/**
 * The handshake of protocol 2: both sides prove that they know the passphrase, and end
 * with a secure channel. See docs/protocol.md, sections 3 and 4.
 *
 *     M1  receiver → sender   HELLO          version, kind of secret, nonce_r
 *     M2  sender → receiver   CHALLENGE      nonce_s, Ya, 'S', salt
 *     M3  receiver → sender   PROOF          Yb, Tb
 *     M4  sender → receiver   CONFIRMATION   Ta
 *
 * The sender is CPace's party A. Nothing about the payload is sent before both sides are
 * confirmed. A wrong passphrase, a changed message and a man in the middle all end in the
 * same error.
 *
 * This file has the messages, byte for byte, the time limit and the errors. `receiver.ts` is
 * the receiver's side, `sender.ts` the sender's.
 *
 * @module
 */

import { type Bytes, concatBytes, utf8 } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import type { SecretKind } from "./secret.ts";

/** Time limit for a whole handshake, in milliseconds. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Protocol version that this code speaks. */
export const PROTOCOL_VERSION = 2;

/** Length of the nonce of either side, and of the salt, in bytes. */
export const NONCE_BYTES = 16;

/** First byte of each handshake frame. */
export const HELLO = 0x01;
export const CHALLENGE = 0x02;
export const PROOF = 0x03;
export const CONFIRMATION = 0x04;
export const REFUSAL = 0x05;

/** First byte of a protocol 1 message: the brace that opens a JSON object. */
export const LEGACY_FIRST_BYTE = 0x7b;

/** Associated data of the two CPace shares: the sender's letter and the salt; the receiver's letter. */
export const SENDER_ROLE = utf8("S");
export const RECEIVER_ROLE = utf8("R");

/** Bytes of the reasons for a REFUSAL; they are sent in clear, so they must reveal no secret. */
export const REFUSAL_REASONS = {
  notConfirmed: 1,
  tooManyGuesses: 2,
  busy: 3,
  version: 4,
  otherSecret: 5,
} as const;

/** A name in {@linkcode REFUSAL_REASONS}. */
export type RefusalReason = keyof typeof REFUSAL_REASONS;

/** Bytes of the kinds of secrets in HELLO. */
const SECRET_BYTES: Record<SecretKind, number> = {
  words: 1,
  typed: 2,
  pair: 3,
};

/** Length of the tag of a pair in HELLO, in bytes. */
const PAIR_TAG_BYTES = 8;

/** The receiver's first message. */
export interface Hello {
  /** Kind of the receiver's secret; `null` for one that this version does not know. */
  secret: SecretKind | null;
  nonce: Bytes;
  /** Tag of the pair; empty for other secrets. */
  tag: Bytes;
}

/** The sender's answer to HELLO. */
export interface Challenge {
  nonce: Bytes;
  /** The sender's CPace share Ya. */
  share: Bytes;
  salt: Bytes;
}

/** The receiver's proof that it knows the passphrase. */
export interface Proof {
  /** The receiver's CPace share Yb. */
  share: Bytes;
  /** The receiver's confirmation tag Tb. */
  tag: Bytes;
}

const SHARE_BYTES = 32;
const TAG_BYTES = 32;

/** Encodes M1 of words and passphrases: `01 ‖ version (1) ‖ kind of secret (1) ‖ nonce_r (16)`. */
export function encodeHello(
  secret: Exclude<SecretKind, "pair">,
  nonce: Bytes,
): Bytes {
  return concatBytes(headOf(secret), nonce);
}

/** Encodes M1 of a pair: `01 ‖ version (1) ‖ 03 ‖ nonce_r (16) ‖ tag (8)`. */
export function encodePairHello(nonce: Bytes, tag: Bytes): Bytes {
  return concatBytes(headOf("pair"), nonce, tag);
}

function headOf(secret: SecretKind): Bytes {
  return Uint8Array.of(HELLO, PROTOCOL_VERSION, SECRET_BYTES[secret]);
}

/**
 * Decodes M1.
 *
 * @returns `null` when the receiver speaks another version.
 * @throws {SpreadError} `BAD_MESSAGE`.
 */
export function decodeHello(frame: Bytes): Hello | null {
  // Checked before the length, which another version may have changed.
  const isOther = frame.length > 1 && frame[1] !== PROTOCOL_VERSION;
  if (frame[0] === HELLO && isOther) return null;
  const tagBytes = frame[2] === SECRET_BYTES.pair ? PAIR_TAG_BYTES : 0;
  const lengths = [1, 1, NONCE_BYTES, tagBytes];
  const [, kind, nonce, tag] = split(frame, HELLO, "HELLO", lengths);
  return { secret: secretOf(kind![0]!), nonce: nonce!, tag: tag! };
}

function secretOf(byte: number): SecretKind | null {
  const kinds = Object.keys(SECRET_BYTES) as SecretKind[];
  return kinds.find((kind) => SECRET_BYTES[kind] === byte) ?? null;
}

/** Encodes M2: `02 ‖ nonce_s (16) ‖ Ya (32) ‖ 'S' (1) ‖ salt (16)`. */
export function encodeChallenge(challenge: Challenge): Bytes {
  const { nonce, share, salt } = challenge;
  return concatBytes(Uint8Array.of(CHALLENGE), nonce, share, SENDER_ROLE, salt);
}

/** Decodes M2. @throws {SpreadError} `BAD_MESSAGE`. */
export function decodeChallenge(frame: Bytes): Challenge {
  const [nonce, share, role, salt] = split(frame, CHALLENGE, "CHALLENGE", [
    NONCE_BYTES,
    SHARE_BYTES,
    SENDER_ROLE.length,
    NONCE_BYTES,
  ]);
  if (role![0] !== SENDER_ROLE[0]) {
    throw badMessage("CHALLENGE has an unknown role");
  }
  return { nonce: nonce!, share: share!, salt: salt! };
}

/** Encodes M3: `03 ‖ Yb (32) ‖ Tb (32)`. */
export function encodeProof(proof: Proof): Bytes {
  return concatBytes(Uint8Array.of(PROOF), proof.share, proof.tag);
}

/** Decodes M3. @throws {SpreadError} `BAD_MESSAGE`. */
export function decodeProof(frame: Bytes): Proof {
  const [share, tag] = split(frame, PROOF, "PROOF", [SHARE_BYTES, TAG_BYTES]);
  return { share: share!, tag: tag! };
}

/** Encodes M4: `04 ‖ Ta (32)`. */
export function encodeConfirmation(tag: Bytes): Bytes {
  return concatBytes(Uint8Array.of(CONFIRMATION), tag);
}

/**
 * Decodes M4.
 *
 * @returns The sender's confirmation tag Ta.
 * @throws {SpreadError} `BAD_MESSAGE`.
 */
export function decodeConfirmation(frame: Bytes): Bytes {
  return split(frame, CONFIRMATION, "CONFIRMATION", [TAG_BYTES])[0]!;
}

/** Encodes REFUSAL: `05 ‖ reason (1)`. */
export function encodeRefusal(reason: RefusalReason): Bytes {
  return Uint8Array.of(REFUSAL, REFUSAL_REASONS[reason]);
}

/** Returns the reason in a REFUSAL, or `null` when the frame is something else. */
export function decodeRefusal(frame: Bytes): RefusalReason | null {
  if (frame.length !== 2 || frame[0] !== REFUSAL) return null;
  const names = Object.keys(REFUSAL_REASONS) as RefusalReason[];
  return names.find((name) => REFUSAL_REASONS[name] === frame[1]) ?? null;
}

/**
 * Error `BAD_MESSAGE` for a message that the protocol does not allow.
 *
 * @param detail A clause about the other side, or about its message.
 */
export function badMessage(
  detail: string,
  options?: ErrorOptions,
): SpreadError {
  return new SpreadError(
    "BAD_MESSAGE",
    `Cannot understand the other side: ${detail}`,
    "Check that host and port are those of a Claude Spread sender, and that both sides are up to date",
    options,
  );
}

/** Cuts `frame` into its type byte, which must be `type`, and fields of exactly these lengths. */
function split(
  frame: Bytes,
  type: number,
  name: string,
  lengths: number[],
): Bytes[] {
  if (frame[0] !== type) throw badMessage(`${name} was expected`);
  const expected = lengths.reduce((sum, length) => sum + length, 1);
  if (frame.length !== expected) {
    throw badMessage(`${name} is ${frame.length} bytes long, not ${expected}`);
  }
  let at = 1;
  return lengths.map((length) => frame.slice(at, at += length));
}

/** Error `PEER_GONE` for a peer that closed in the middle of the handshake. */
export function leftEarly(): SpreadError {
  return new SpreadError(
    "PEER_GONE",
    "The other side closed the connection before the handshake was complete",
    "Check that host and port are those of a Claude Spread sender",
  );
}

/** Error `PEER_BUSY` for a share that takes no further receiver: too many have come, or it ends. */
export function tooBusy(): SpreadError {
  return new SpreadError(
    "PEER_BUSY",
    "The share takes no more receivers at the moment",
    "Try again in a moment; if the share has ended, ask the sender to share again",
  );
}

/** Error `LEGACY_PEER` for a sender that speaks protocol 1 only. */
export function legacyPeer(): SpreadError {
  return new SpreadError(
    "LEGACY_PEER",
    "The sender has the Python version of Claude Spread (protocol 1)",
    "Ask the sender to update, or add --legacy (anyone who watches the network can then try passphrases offline)",
  );
}
