/**
 * Secret of a share: its kind, the string that CPace derives from it, and the errors for two sides
 * with secrets of different kinds. See docs/protocol.md, sections 4.1 and 14.3.
 *
 * @module
 */

import { type Bytes, utf8 } from "../../bytes.ts";
import { isPlainWords } from "../../crypto/eff_short_words.ts";
import { hkdf, pbkdf2 } from "../../crypto/kdf.ts";
import { SpreadError } from "../../errors.ts";

/**
 * Kind of a secret: words that were generated for one share, a passphrase of a person's own,
 * or the seed of a pair. The receiver names its kind, so that a mismatch is found before it
 * costs a guess.
 */
export type SecretKind = "words" | "typed" | "pair";

/** The secret that a pair shares, as a handshake uses it; the seed itself is not needed. */
export interface PairSecret {
  /** CPace's password-related string, 32 bytes. */
  readonly PRS: Bytes;
  /** Tag by which the sender knows the pair, 8 bytes. @param nonce The receiver's. */
  helloTag(nonce: Bytes): Promise<Bytes>;
}

/** Secret of a receiver: words or a passphrase, or that of a pair. */
export type Secret = string | PairSecret;

/** Secret of a share: words or a passphrase, or those of the pairs that it is for. */
export type SenderSecret =
  | {
    kind: Exclude<SecretKind, "pair">;
    /** CPace's password-related string, 32 bytes; derived once for each share. */
    PRS: Promise<Bytes>;
  }
  | { kind: "pair"; pairs: readonly PairSecret[] };

/**
 * Makes the secret of a share, and starts its derivation.
 *
 * @param salt As for {@linkcode passwordRelatedString}.
 */
export function secretOfShare(
  secret: string | readonly PairSecret[],
  salt: Bytes,
): SenderSecret {
  if (typeof secret !== "string") return { kind: "pair", pairs: secret };
  const PRS = passwordRelatedString(secret, salt);
  return { kind: kindOfPassphrase(secret), PRS };
}

/** Returns the kind of a secret. */
export function kindOfSecret(secret: Secret): SecretKind {
  return typeof secret === "string" ? kindOfPassphrase(secret) : "pair";
}

/** Returns the kind of a passphrase: words in the plain form of `readSecret()`, or anything else. */
export function kindOfPassphrase(
  passphrase: string,
): Exclude<SecretKind, "pair"> {
  return isPlainWords(passphrase) ? "words" : "typed";
}

/**
 * Derives CPace's password-related string (PRS) from words or a passphrase, 32 bytes.
 *
 * Words are good for one share and ten guesses, so they need no stretching. A passphrase is
 * normalized to NFC and stretched, about 100 ms on another thread; with NFC, é typed on macOS
 * (two code points) equals é typed on Linux (one).
 *
 * @param salt Random bytes of the share, against tables of stretched passphrases; not used for
 *   words.
 */
export async function passwordRelatedString(
  passphrase: string,
  salt: Bytes,
): Promise<Bytes> {
  const secret = utf8(passphrase.normalize("NFC"));
  if (kindOfPassphrase(passphrase) === "words") {
    return await hkdf(secret, "claude-spread/2 words");
  }
  return await hkdf(await pbkdf2(secret, salt), "claude-spread/2 typed");
}

/** The receiver's error when its secret is of another kind than the share's; that costs no guess. */
export function otherSecret(own: SecretKind): SpreadError {
  return new SpreadError(
    "SECRET_MISMATCH",
    OTHER_SECRET[own],
    "Type the command that the sender shows",
  );
}

const OTHER_SECRET: Record<SecretKind, string> = {
  words:
    "The share has no generated words: the sender chose a passphrase, or shares with paired machines only",
  typed:
    "The share has no passphrase that the sender chose: it has generated words, or is for paired machines only",
  pair: "The share has words or a passphrase, and is not for paired machines",
};

/**
 * The sender's error for the same.
 *
 * @param receivers Kind of the receiver's secret; `null` for one that this version does not
 *   know.
 */
export function receiverHasOtherSecret(
  own: SecretKind,
  receivers: SecretKind | null,
): SpreadError {
  const theirs = receivers === null
    ? "a kind of secret that this version does not know"
    : THEIRS[receivers];
  return new SpreadError(
    "SECRET_MISMATCH",
    `A receiver used ${theirs}, but this share ${
      OURS[own]
    }; that does not count as a guess`,
    "Give the receiver the command that this share shows",
  );
}

const OURS: Record<SecretKind, string> = {
  words: "has generated words",
  typed: "has a passphrase of your own",
  pair: "is for paired machines",
};

const THEIRS: Record<SecretKind, string> = {
  words: "generated words",
  typed: "a passphrase of their own",
  pair: "the key of a pair",
};
