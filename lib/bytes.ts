/**
 * Byte strings, in the form that Web APIs accept.
 *
 * @module
 */

/** Bytes with a buffer of their own, as WebCrypto and sockets require. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Fills the array with random bytes and returns it: `crypto.getRandomValues`, or a test's queue. */
export type FillRandom = (bytes: Bytes) => Bytes;

/**
 * Estimated memory that a queued message, or a piece of one, takes beyond its bytes: limits on
 * memory add it, so that empty ones count too.
 */
export const PIECE_COST_BYTES = 256;

const encoder = new TextEncoder();

/** The UTF-8 bytes of `text`; a lone surrogate becomes U+FFFD. */
export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** Length of all `parts` together, in bytes. */
export function totalLength(parts: Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** One array with the contents of all `parts`, in order. */
export function concatBytes(...parts: Uint8Array[]): Bytes {
  const joined = new Uint8Array(totalLength(parts));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Whether two byte strings are the same, in a time that depends on their lengths only. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  return a.reduce((difference, byte, at) => difference | byte ^ b[at]!, 0) ===
    0;
}
