/**
 * The shape of a rule: one form that secrets have.
 *
 * @module
 */

import { isExample } from "./example_values.ts";

/** One form that secrets have, looked for where one of its triggers stands. */
export interface Rule {
  /** Stable name, for allow entries and `--json`. */
  id: string;
  /** Kind of secret, for people; part of the placeholder. */
  kind: string | ((match: RegExpExecArray) => string);
  /**
   * Texts of at least three characters; every match begins with one. Capitals count, except in
   * rules that are {@linkcode Rule.isAnyCase}.
   */
  triggers: readonly string[];
  /** Whether triggers, then in small letters, stand for words in capitals too. */
  isAnyCase?: true;
  /**
   * Sticky pattern (flags `dy`) at the place of a trigger. The secret is its group `secret`, or
   * else the whole match; a group `front` in a lookbehind is the part before the trigger. All
   * repetitions are bounded and none is nested, so that a match costs a bounded number of steps.
   */
  pattern: RegExp;
  /** Whether a more specific rule names the kind where both match. */
  isGeneric?: true;
  /** Whether a match is a secret. */
  accepts: (secret: string, match: RegExpExecArray) => boolean;
}

/**
 * Signs that end with a letter or digit, but do not belong to the word after them: escapes of
 * strings and URLs, and the colors of a terminal.
 */
export const ESCAPED = String
  .raw`\\[bfnrt]|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2}|\[[\d;]{0,20}[mK]`;

/**
 * Boundary before a token: it is not the end of a longer one, but may follow an escape, or the
 * underscores of emphasis. So matches of a rule do not overlap, and hostile texts cost no more than
 * others.
 *
 * @param joins Characters of tokens besides letters, digits and underscores, as in a class.
 */
export function startOf(joins = ""): string {
  return String
    .raw`(?:(?<![A-Za-z0-9_${joins}])|(?<=${ESCAPED})|(?<=(?<![A-Za-z0-9_${joins}])_{1,3}))`;
}

/** A token with a prefix of its vendor. */
export type TokenRow = [
  id: string,
  kind: string,
  triggers: string | readonly string[],
  /** Pattern of the part after the prefix. */
  body: string,
  /** Characters of the token besides letters, digits and underscores, as in a class. */
  joins?: string,
];

/** Makes the rules of a table of tokens. */
export function tokenRules(rows: readonly TokenRow[]): Rule[] {
  return rows.map(([id, kind, prefix, body, joins = ""]) => {
    const triggers = [prefix].flat();
    const any = triggers.map((trigger) => RegExp.escape(trigger)).join("|");
    const end = `(?!_{0,3}[A-Za-z0-9${joins}])`;
    const pattern = new RegExp(
      `${startOf(joins)}(?:${any})${body}${end}`,
      "dy",
    );
    return { id, kind, triggers, pattern, accepts: isReal };
  });
}

/** Whether a value is not what documentation has in the place of one. */
export function isReal(secret: string): boolean {
  return !isExample(secret);
}
