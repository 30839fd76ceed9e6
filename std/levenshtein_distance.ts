/** Typed front of `@std/text/levenshtein-distance`. @module */

import { levenshteinDistance as untyped } from "deno-std/text/levenshtein_distance.js";

/** Fewest insertions, deletions and replacements that make one text the other. */
export const levenshteinDistance: (one: string, other: string) => number =
  untyped;
