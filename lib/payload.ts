/**
 * Kinds of payload, and the encodings of a chosen one: the lists that everything else goes by.
 *
 * @module
 */

/** Kinds of payload. */
export const PAYLOAD_KINDS = ["distillation", "memory", "session"] as const;

/** A word of {@linkcode PAYLOAD_KINDS}. */
export type Kind = typeof PAYLOAD_KINDS[number];

/** Encodings of the bytes of a chosen payload; every receiver reads `identity`. */
export const ENCODINGS = ["identity", "zstd"] as const;

/** A word of {@linkcode ENCODINGS}. */
export type Encoding = typeof ENCODINGS[number];
