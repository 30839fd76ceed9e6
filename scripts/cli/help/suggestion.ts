/**
 * Names that were probably meant instead of one that does not exist.
 *
 * @module
 */

import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { SpreadError, usage } from "../../../lib/errors.ts";
import type { UnknownName } from "../flags.ts";

/** The nearest of the known names, if it is near: two letters swapped, or a third of them wrong. */
export function nearest(
  typed: string,
  known: readonly string[],
): string | null {
  const word = typed.toLowerCase();
  const letters = word.replace(/^-+/, "").length;
  const limit = letters < 4 ? 1 : Math.max(2, Math.floor(letters / 3));
  const ranked = known.map((name) => ({
    name,
    distance: levenshteinDistance(word, name),
  })).toSorted((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= limit ? best.name : null;
}

/** The error with the nearest name at the beginning of its hint. */
export function withSuggestion(error: UnknownName): SpreadError {
  const name = nearest(error.typed, error.known);
  if (name === null) return error;
  const hint = error.hint === "" ? "" : ` ${error.hint}`;
  return usage(error.message, `Did you mean ${name}?${hint}`);
}
