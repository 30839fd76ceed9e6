/** Typed front of `@std/crypto/timing-safe-equal`. @module */

import { timingSafeEqual as untyped } from "deno-std/crypto/timing_safe_equal.js";

/**
 * Compares without a branch on the contents, as far as JavaScript can.
 *
 * @throws {TypeError} When the lengths differ: lengths are not secret here.
 */
export const timingSafeEqual: (a: Uint8Array, b: Uint8Array) => boolean =
  untyped;
