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

/** Length of each side's nonce and of the salt, in bytes. */
export const NONCE_BYTES = 16;

/** First byte of each handshake frame. */
export const HELLO = 0x01;
export const CHALLENGE = 0x02;
export const PROOF = 0x03;
export const CONFIRMATION = 0x04;
export const REFUSAL = 0x05;

/** First byte of a protocol 1 message: the brace that opens a JSON object. */
export const LEGACY_FIRST_BYTE = 0x7b;

/** Associated data: the sender's share has this letter and the salt, the receiver's its letter. */
export const SENDER_ROLE = utf8("S");
export const RECEIVER_ROLE = utf8("R");

/** Reasons for which a sender ends a handshake; sent in clear, so they must reveal nothing secret. */
export const REFUSAL_REASONS = {
  notConfirmed: 1,
  tooManyGuesses: 2,
  busy: 3,
  version: 4,
  otherSecret: 5,
} as const;

/** A name in {@linkcode REFUSAL_REASONS}. */
export type RefusalReason = keyof typeof REFUSAL_REASONS;

/** The byte of each kind of secret in HELLO. */
const SECRET_BYTES: Record<SecretKind, number> = { words: 1, typed: 2 };

/** The receiver's opening. */
export interface Hello {
  /** The kind of its secret; `null` for one that this program does not know. */
  secret: SecretKind | null;
  nonce: Bytes;
}

/** The sender's answer to HELLO. */
export interface Challenge {
  nonce: Bytes;
  /** The sender's share Ya. */
  share: Bytes;
  salt: Bytes;
}

/** The receiver's proof that it knows the passphrase. */
export interface Proof {
  /** The receiver's share Yb. */
  share: Bytes;
  /** The receiver's confirmation tag Tb. */
  tag: Bytes;
}

const SHARE_BYTES = 32;
const TAG_BYTES = 32;

/** M1: `01 | version | kind of secret | nonce_r (16)`. */
export function encodeHello(secret: SecretKind, nonce: Bytes): Bytes {
  const head = Uint8Array.of(HELLO, PROTOCOL_VERSION, SECRET_BYTES[secret]);
  return concatBytes(head, nonce);
}

/**
 * The receiver's opening.
 *
 * @returns `null` when the receiver speaks another version.
 * @throws {SpreadError} `BAD_MESSAGE`.
 */
export function decodeHello(frame: Bytes): Hello | null {
  // Checked before the length, which another version may have changed.
  const isOther = frame.length > 1 && frame[1] !== PROTOCOL_VERSION;
  if (frame[0] === HELLO && isOther) return null;
  const [, kind, nonce] = split(frame, HELLO, "HELLO", [1, 1, NONCE_BYTES]);
  return { secret: secretOf(kind![0]!), nonce: nonce! };
}

function secretOf(byte: number): SecretKind | null {
  const kinds = Object.keys(SECRET_BYTES) as SecretKind[];
  return kinds.find((kind) => SECRET_BYTES[kind] === byte) ?? null;
}

/** M2: `02 | nonce_s (16) | Ya (32) | 'S' | salt (16)`. */
export function encodeChallenge(challenge: Challenge): Bytes {
  const { nonce, share, salt } = challenge;
  return concatBytes(Uint8Array.of(CHALLENGE), nonce, share, SENDER_ROLE, salt);
}

/** @throws {SpreadError} `BAD_MESSAGE`. */
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

/** M3: `03 | Yb (32) | Tb (32)`. */
export function encodeProof(proof: Proof): Bytes {
  return concatBytes(Uint8Array.of(PROOF), proof.share, proof.tag);
}

/** @throws {SpreadError} `BAD_MESSAGE`. */
export function decodeProof(frame: Bytes): Proof {
  const [share, tag] = split(frame, PROOF, "PROOF", [SHARE_BYTES, TAG_BYTES]);
  return { share: share!, tag: tag! };
}

/** M4: `04 | Ta (32)`. */
export function encodeConfirmation(tag: Bytes): Bytes {
  return concatBytes(Uint8Array.of(CONFIRMATION), tag);
}

/**
 * The sender's confirmation tag Ta.
 *
 * @throws {SpreadError} `BAD_MESSAGE`.
 */
export function decodeConfirmation(frame: Bytes): Bytes {
  return split(frame, CONFIRMATION, "CONFIRMATION", [TAG_BYTES])[0]!;
}

/** `05 | reason`: ends the handshake. */
export function encodeRefusal(reason: RefusalReason): Bytes {
  return Uint8Array.of(REFUSAL, REFUSAL_REASONS[reason]);
}

/** The reason in a REFUSAL, or `null` when the frame is something else. */
export function decodeRefusal(frame: Bytes): RefusalReason | null {
  if (frame.length !== 2 || frame[0] !== REFUSAL) return null;
  const names = Object.keys(REFUSAL_REASONS) as RefusalReason[];
  return names.find((name) => REFUSAL_REASONS[name] === frame[1]) ?? null;
}

/** Error for a message that the protocol does not allow. */
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

/** Error for a peer that closed in the middle of the handshake. */
export function leftEarly(): SpreadError {
  return new SpreadError(
    "PEER_GONE",
    "The other side closed the connection before the handshake was complete",
    "Check that host and port are those of a Claude Spread sender",
  );
}

/** Error for a sender that accepts no further connection. */
export function tooBusy(): SpreadError {
  return new SpreadError(
    "PEER_BUSY",
    "The share has too many connections already",
    "Try again in a moment",
  );
}

/** A receiver's error when its secret is of another kind than the share's; no guess was spent. */
export function otherSecret(own: SecretKind): SpreadError {
  return new SpreadError(
    "SECRET_MISMATCH",
    own === "words"
      ? "The sender shares with a passphrase of its own, not with words"
      : "The sender shares with words, not with a passphrase of its own",
    "Type the command that the sender shows",
  );
}

/** The same as the sender's error; `receivers` is `null` for a kind that this program does not know. */
export function receiverHasOtherSecret(
  own: SecretKind,
  receivers: SecretKind | null,
): SpreadError {
  const ours = own === "words" ? "words" : "a passphrase of your own";
  const theirs = receivers === null
    ? "a kind of secret that this version does not know"
    : receivers === "words"
    ? "words"
    : "a passphrase of their own";
  return new SpreadError(
    "SECRET_MISMATCH",
    `Somebody came with ${theirs}, and this share has ${ours}; it was no guess`,
    "Give the receiver the command that this share shows",
  );
}

/** Error for a sender that speaks protocol 1 only. */
export function legacyPeer(): SpreadError {
  return new SpreadError(
    "LEGACY_PEER",
    "The sender speaks the old protocol 1",
    "Ask the sender to update, or add --legacy (anyone who watches the network can then try passphrases offline)",
  );
}
