/**
 * Secret of a share: its kind, and the string that CPace derives from it. See
 * docs/protocol.md, section 4.1.
 *
 * @module
 */

import { type Bytes, utf8 } from "../../bytes.ts";
import { isPlainWords } from "../../crypto/eff_short_words.ts";
import { hkdf, pbkdf2 } from "../../crypto/kdf.ts";

/**
 * Kind of a secret: words that were generated for one share, or a passphrase of a person's
 * own. The receiver names its kind, so that a mismatch is found before it costs a guess.
 */
export type SecretKind = "words" | "typed";

/** Returns the kind of a secret: words in the plain form of `readSecret()`, or anything else. */
export function kindOfSecret(passphrase: string): SecretKind {
  return isPlainWords(passphrase) ? "words" : "typed";
}

/**
 * Derives CPace's password-related string (PRS), 32 bytes.
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
  if (kindOfSecret(passphrase) === "words") {
    return await hkdf(secret, "claude-spread/2 words");
  }
  return await hkdf(await pbkdf2(secret, salt), "claude-spread/2 typed");
}
