/**
 * The shape of a rule: one form that secrets have.
 *
 * @module
 */

/** One form that secrets have, matched where one of its triggers stands. */
export interface Rule {
  /** Stable name, for allow entries and `--json`. */
  id: string;
  /** Kind of secret, for people; part of the placeholder. */
  kind: string;
  /** Texts of which every match begins with one; the scanner searches for them alone. */
  triggers: readonly string[];
  /**
   * Sticky pattern (flags `dy`) at the place of a trigger; its group `secret`, or else the whole
   * match, is the secret. Repetitions are bounded, so that a match looks at a bounded text.
   */
  pattern: RegExp;
  /** Whether a more specific rule names the kind where both match. */
  isGeneric?: true;
  /** Whether a match is a secret; by default every match is. */
  accepts?: (secret: string, match: RegExpExecArray) => boolean;
}

/** Boundary before a token that is not the end of a longer word. */
export const START = String.raw`(?<![A-Za-z0-9_])`;

/**
 * Rule for tokens that a prefix tells apart.
 *
 * @param body The part of the pattern after the prefix.
 * @param after Characters that would continue the token, as a class without brackets.
 */
export function prefixed(
  id: string,
  kind: string,
  triggers: readonly string[],
  body: string,
  after = "A-Za-z0-9_",
): Rule {
  const prefix = triggers.map((trigger) => RegExp.escape(trigger)).join("|");
  const pattern = new RegExp(
    `${START}(?:${prefix})${body}(?![${after}])`,
    "dy",
  );
  return { id, kind, triggers, pattern };
}
