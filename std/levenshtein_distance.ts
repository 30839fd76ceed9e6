/** Typed front of `@std/text/levenshtein-distance`. @module */

import { levenshteinDistance as untyped } from "deno-std/text/levenshtein_distance.js";

/** Number of single-character changes between two strings. */
export const levenshteinDistance: (a: string, b: string) => number = untyped;
