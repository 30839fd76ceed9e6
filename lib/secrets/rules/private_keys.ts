/**
 * Private keys in PEM: as files have them, escaped in strings, and with line numbers.
 *
 * @module
 */

import type { Rule } from "./rule.ts";

const LINE = String.raw`[A-Za-z0-9+/=:,. \t-]{0,120}`;
const BREAK = String.raw`(?:\\{1,4}r)?(?:\r?\n|\\{1,4}n)`;
/** Numbers that `cat -n` and file readers put before a line. */
const NUMBER = String.raw`[ \t]{0,9}(?:\d{1,6}(?:[:|\t]|→| {1,2}))?`;

/** Keys with both marks, or cut off after at least one line. */
export const PRIVATE_KEY_RULES: readonly Rule[] = [{
  id: "private-key",
  kind: "private key",
  triggers: ["-----BEGIN "],
  pattern: new RegExp(
    String
      .raw`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:${BREAK}${NUMBER}(?!-----)${LINE}){1,400}(?:${BREAK}${NUMBER}-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?`,
    "dy",
  ),
  accepts: (secret) => /[A-Za-z0-9+/]{40}/.test(secret),
}];
