/**
 * The secret that both sides of a share know, as the handshake uses it. See
 * docs/protocol.md, section 4.1.
 *
 * @module
 */

import { type Bytes, utf8 } from "../../bytes.ts";
import { isPlainWords } from "../../crypto/eff_short_words.ts";
import { hkdf, pbkdf2 } from "../../crypto/kdf.ts";

/**
 * Kinds of secrets: words that a share has made for itself, or a passphrase of a person's own.
 * The receiver names its kind, so that a mismatch ends before it costs a guess.
 */
export type SecretKind = "words" | "typed";

/** The kind of a secret: plain words, as `readSecret()` gives them, or anything else. */
export function kindOfSecret(passphrase: string): SecretKind {
  return isPlainWords(passphrase) ? "words" : "typed";
}

/**
 * CPace's password-related string (PRS), 32 bytes.
 *
 * Words serve one share and ten guesses, so they need no stretching. A passphrase is
 * normalized to NFC first, so that é typed on macOS (two code points) equals é typed on Linux
 * (one).
 *
 * @param salt Random bytes of the share, against tables of stretched passphrases.
 */
export async function passwordRelatedString(
  passphrase: string,
  salt: Bytes,
): Promise<Bytes> {
  const secret = utf8(passphrase.normalize("NFC"));
  if (kindOfSecret(passphrase) === "words") {
    return await hkdf(secret, "claude-spread/2 words");
  }
  return await hkdf(await pbkdf2(secret, salt), "claude-spread/2 typed");
}
