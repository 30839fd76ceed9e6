/**
 * Tokens of drops, which the relay keeps as hashes, and names that reveal nothing.
 *
 * @module
 */

import { createHash, createHmac } from "node:crypto";
import { timingSafeEqual } from "@std/crypto";

/** Form of a token. */
export const TOKEN = /^[0-9a-f]{64}$/;

/**
 * Returns the SHA-256 of a token, which is stored in its place. Tokens are random, so they need no
 * salt.
 */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Whether the hash is that of the token, in constant time. */
export function isToken(hash: string, token: string): boolean {
  const encoder = new TextEncoder();
  return timingSafeEqual(
    encoder.encode(hash),
    encoder.encode(hashToken(token)),
  );
}

/** Returns a name for the sender of a drop: equal for equal network keys. */
export function ownerOf(secret: string, key: string): string {
  return hmac(secret, `drop owner ${key}`);
}

/** Returns a name for a drop in the log that does not reveal its id. */
export function blurId(secret: string, id: string): string {
  return hmac(secret, `drop log ${id}`).slice(0, 12);
}

function hmac(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}
