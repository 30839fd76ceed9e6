/**
 * Typed front of `@std/crypto`: the comparison of secrets.
 *
 * The `deno-std` package holds the same file without its types. Its stream digests need a
 * WebAssembly module that the package lacks, so this project uses `node:crypto` for digests.
 *
 * @module
 */

import { timingSafeEqual as untyped } from "deno-std/crypto/timing_safe_equal.js";

/** Whether two arrays of equal length are the same; takes constant time. */
export const timingSafeEqual: (a: Uint8Array, b: Uint8Array) => boolean =
  untyped;
