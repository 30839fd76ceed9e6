/**
 * Key derivation from the secret of a share: stretching for a typed passphrase, whose each
 * guess it makes expensive, and plain HKDF for secrets that nobody can guess in time.
 *
 * A password-authenticated key exchange already denies offline guessing to anyone on the
 * wire. Stretching protects a typed passphrase, which people use again, when a sender's
 * memory, or a future break of the group, exposes the derived value. See docs/protocol.md,
 * section 4.
 *
 * @module
 */

import { type Bytes, utf8 } from "../bytes.ts";

/** Rounds of PBKDF2-HMAC-SHA256: about 100 ms of one core. */
export const PBKDF2_ITERATIONS = 600_000;

/** Length of a derived value, in bytes. */
const DERIVED_BYTES = 32;

/**
 * PBKDF2-HMAC-SHA256 (RFC 8018) with {@linkcode PBKDF2_ITERATIONS} rounds; runs off the main
 * thread.
 *
 * @returns {@linkcode DERIVED_BYTES} bytes.
 */
export async function pbkdf2(secret: Bytes, salt: Bytes): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, [
    "deriveBits",
  ]);
  const bits = await crypto.subtle.deriveBits(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations: PBKDF2_ITERATIONS },
    key,
    DERIVED_BYTES * 8,
  );
  return new Uint8Array(bits);
}

/**
 * HKDF-SHA256 (RFC 5869).
 *
 * @param info Label of the use, in ASCII. @param salt None by default.
 * @returns {@linkcode DERIVED_BYTES} bytes.
 */
export async function hkdf(
  secret: Bytes,
  info: string,
  salt: Bytes = new Uint8Array(0),
): Promise<Bytes> {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, [
    "deriveBits",
  ]);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt, info: utf8(info) },
    key,
    DERIVED_BYTES * 8,
  );
  return new Uint8Array(bits);
}
