/**
 * All rules of our own: the forms of secrets that the preset misses, or reports too widely.
 *
 * @module
 */

import { ASSIGNMENT_RULES } from "./assignments.ts";
import { CLOUD_TOKEN_RULES } from "./tokens/cloud.ts";
import { COMMAND_LINE_RULES } from "./command_lines.ts";
import { HEADER_RULES } from "./headers.ts";
import { ODD_TOKEN_RULES } from "./tokens/odd.ts";
import { PRIVATE_KEY_RULES } from "./private_keys.ts";
import type { Rule } from "./rule.ts";
import { SERVICE_TOKEN_RULES } from "./tokens/service.ts";
import { URL_RULES } from "./urls.ts";

export const OWN_RULES: readonly Rule[] = [
  ...CLOUD_TOKEN_RULES,
  ...SERVICE_TOKEN_RULES,
  ...ODD_TOKEN_RULES,
  ...PRIVATE_KEY_RULES,
  ...URL_RULES,
  ...HEADER_RULES,
  ...COMMAND_LINE_RULES,
  ...ASSIGNMENT_RULES,
];
