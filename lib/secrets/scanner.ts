/**
 * The scanner: finds secrets in decoded strings.
 *
 * It knows forms of tokens and keys, names that say that a value is secret, and the literal values
 * of the project's `.env` files. It is a filter, not a guarantee: docs/threat_model.md says what
 * it cannot find.
 *
 * @module
 */

import type { Allowed } from "./project/allow.ts";
import { formsOf } from "./forms.ts";
import { Literals } from "./literals.ts";
import { shown } from "./shown_text.ts";
import { type Finding, findSpans } from "./spans.ts";

/** Finds secrets. */
export interface Scanner {
  /**
   * Finds the secrets in a batch, ordered by place, without overlaps.
   *
   * @param strings Decoded texts; batches of 64 Ki UTF-16 units keep memory low.
   * @param path Name of the file that they come from, for allow entries that name one.
   */
  scan(strings: readonly string[], path?: string): Promise<Finding[]>;
}

/** Facts of a project that a scanner goes by. */
export interface ScannerOptions {
  /** Literal values to be found; see `project/env_values.ts`. */
  values?: readonly string[];
  /** False alarms. */
  allow?: Allowed | null;
}

/** Makes a scanner. */
export function openScanner(
  { values = [], allow = null }: ScannerOptions = {},
): Scanner {
  /** Values by their forms. */
  const forms = new Map<string, string>();
  for (const value of values) {
    for (const form of formsOf(value, true)) forms.set(form, value);
  }
  const literals = new Literals(forms.keys());
  return {
    async scan(strings, path) {
      const findings: Finding[] = [];
      for (const [string, text] of strings.entries()) {
        for (const span of await findSpans(text, literals)) {
          const written = shown(text.slice(span.start, span.end));
          const value = forms.get(written) ?? copied(written);
          findings.push({ ...span, value, string });
        }
      }
      return allow === null ? findings : await allow.without(findings, path);
    },
  };
}

/** A copy of a part of a text: the part itself would keep the whole text in memory. */
function copied(part: string): string {
  return ` ${part}`.slice(1);
}
