/**
 * Kinds of payload, how the first bytes tell them apart, and the encodings of a chosen one:
 * the lists that everything else goes by.
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

/** Type that a memory bundle states. */
export const BUNDLE_TYPE = "memory_bundle";

/** Format that a packed session states. */
export const SESSION_FORMAT = "claude-spread/session";

/** Number of bytes at the beginning of a payload that tell its kind. */
export const HEAD_BYTES = 1024;

const BUNDLE_HEAD = new RegExp(`^\\s*\\{\\s*"type"\\s*:\\s*"${BUNDLE_TYPE}"`);
const SESSION_HEAD = new RegExp(`^\\{"format":"${SESSION_FORMAT}"`);

/**
 * Tells the kind of a payload from its beginning. Anything but a bundle and a packed session is
 * a document, whether or not it is text.
 *
 * The rest may still be broken, and a bundle that states its type later is not recognized.
 *
 * @param head The first {@linkcode HEAD_BYTES} bytes, or all if there are fewer.
 */
export function kindOf(head: Uint8Array): Kind {
  const text = new TextDecoder().decode(head.subarray(0, HEAD_BYTES));
  if (SESSION_HEAD.test(text)) return "session";
  return BUNDLE_HEAD.test(text) ? "memory" : "distillation";
}
