/**
 * Values that are assigned to a name which says that they are secret, in any language.
 *
 * @module
 */

import { isPlaceholder } from "../placeholder_text.ts";
import type { Rule } from "./rule.ts";

const WORDS = ["pass", "pwd", "secret", "token", "key", "credential"];

/** The words as names write them: `db_password`, `dbPassword`, `DB_PASSWORD`. */
const TRIGGERS = WORDS.flatMap((word) => [
  word,
  word[0]!.toUpperCase() + word.slice(1),
  word.toUpperCase(),
]);

const NAME_END = String.raw`[A-Za-z0-9_-]{0,40}(?:\\{0,3}["'])?\]?`;
const SIGN = String.raw`[ \t]{0,9}(?::=|=>|=|:)[ \t]{0,9}`;
const VALUE = String
  .raw`(?:\\{0,3}["'](?<secret>[^"'\\\r\n]{8,200})\\{0,3}["']|(?<secret>[^\s"'\x60,;<>(){}[\]\\]{8,200}))`;

/** A value that a name calls secret. */
export const ASSIGNMENT_RULES: readonly Rule[] = [{
  id: "assignment",
  kind: "password",
  triggers: TRIGGERS,
  pattern: new RegExp(
    `(?:${TRIGGERS.join("|")})${NAME_END}${SIGN}${VALUE}`,
    "dy",
  ),
  isGeneric: true,
  accepts: (secret) => isTelling(secret),
}];

/** Whether a value is no word, number or call, but what a generator or a careful person makes. */
function isTelling(value: string): boolean {
  return /\d/.test(value) && /[A-Za-z]/.test(value) && !isPlaceholder(value);
}
