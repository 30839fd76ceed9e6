/**
 * Typed front of `@std/crypto`: the comparison of secrets.
 *
 * The `deno-std` package holds the same file without its types. Its digests of streams need a
 * WebAssembly module that the package lacks, so those stay with `node:crypto`.
 *
 * @module
 */

import { timingSafeEqual as untyped } from "deno-std/crypto/timing_safe_equal.js";

/** Whether both, which have to be of one length, are the same; takes the same time for all. */
export const timingSafeEqual: (a: Uint8Array, b: Uint8Array) => boolean =
  untyped;
