/**
 * Passphrase stretching: makes each guess at a typed passphrase expensive.
 *
 * A password-authenticated key exchange already denies offline guessing to anyone on the
 * wire. Stretching protects the passphrase when a sender's memory, or a future break of the
 * group, exposes the stretched value. See docs/protocol.md, section 4.
 *
 * @module
 */

import { type Bytes, utf8 } from "../bytes.ts";

/** Rounds of PBKDF2-HMAC-SHA256: about 100 ms of one core. */
export const PBKDF2_ITERATIONS = 600_000;

/** Length of a stretched passphrase, in bytes. */
export const STRETCHED_BYTES = 32;

/**
 * Stretches a passphrase for protocol 2; runs off the main thread.
 *
 * The passphrase is normalized to NFC first, so that é typed on macOS (two code points)
 * equals é typed on Linux (one).
 */
export function stretchPassphrase(
  passphrase: string,
  salt: Bytes,
): Promise<Bytes> {
  return pbkdf2(utf8(passphrase.normalize("NFC")), salt);
}

/**
 * PBKDF2-HMAC-SHA256 (RFC 8018) with {@linkcode PBKDF2_ITERATIONS} rounds.
 *
 * @returns {@linkcode STRETCHED_BYTES} bytes.
 */
export async function pbkdf2(secret: Bytes, salt: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, [
    "deriveBits",
  ]);
  const bits = await crypto.subtle.deriveBits(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations: PBKDF2_ITERATIONS },
    key,
    STRETCHED_BYTES * 8,
  );
  return new Uint8Array(bits);
}
