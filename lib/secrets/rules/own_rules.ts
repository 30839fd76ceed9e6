/**
 * All rules of our own: the forms of secrets that the preset misses, or reports too widely.
 *
 * @module
 */

import { ASSIGNMENT_RULES } from "./assignments.ts";
import { PRIVATE_KEY_RULES } from "./private_keys.ts";
import type { Rule } from "./rule.ts";
import { TOKEN_RULES } from "./tokens.ts";
import { URL_RULES } from "./urls.ts";

/** Specific rules before general ones. */
export const OWN_RULES: readonly Rule[] = [
  ...TOKEN_RULES,
  ...PRIVATE_KEY_RULES,
  ...URL_RULES,
  ...ASSIGNMENT_RULES,
];
