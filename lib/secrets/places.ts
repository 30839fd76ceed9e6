/**
 * Places and counts of secrets, as people and programs may see them: never the secret itself.
 *
 * @module
 */

import { mask } from "./mask.ts";
import type { LearnedSecret } from "./redactor.ts";

/** A secret in a text. */
export interface SecretPlace {
  /** Name of the file, where there are several. */
  file?: string;
  /** Part of what is shared beside its text: "the branch". */
  part?: string;
  /** Line in the text, from 1. */
  line?: number;
  kind: string;
  rule: string;
  /** The secret, masked. */
  masked: string;
}

/** Secrets of one kind. */
export interface SecretCount {
  kind: string;
  /** Places where one stands. */
  places: number;
}

/**
 * Returns the lines in which secrets stand.
 *
 * @param found In order of their places in the text.
 * @param about The text's file.
 */
export function linesOf(
  text: string,
  found: Iterable<LearnedSecret>,
  about: Pick<SecretPlace, "file"> = {},
): SecretPlace[] {
  let line = 1;
  // Searched for once a line: a text may be one line with many secrets.
  let end = text.indexOf("\n");
  return Array.from(found, ({ kind, rule, value, start }) => {
    while (end !== -1 && end < start) {
      line++;
      end = text.indexOf("\n", end + 1);
    }
    return { ...about, line, kind, rule, masked: mask(value) };
  });
}

/**
 * Counts secrets by kind; the most frequent comes first.
 *
 * @param counted Counts to add to.
 */
export function countKinds(
  secrets: Iterable<Pick<SecretPlace, "kind">>,
  counted: SecretCount[] = [],
): SecretCount[] {
  const counts = new Map(counted.map(({ kind, places }) => [kind, places]));
  for (const { kind } of secrets) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return listCounts(counts);
}

/** Returns counts by kind as a list; the most frequent comes first. */
export function listCounts(byKind: Map<string, number>): SecretCount[] {
  return Array.from(byKind, ([kind, places]) => ({ kind, places }))
    .sort((a, b) => b.places - a.places);
}

/** Returns a short text, such as a name, with its secrets masked. */
export function withMasks(
  text: string,
  found: Iterable<LearnedSecret>,
): string {
  let masked = "";
  let at = 0;
  for (const { value, start, end } of found) {
    masked += text.slice(at, start) + mask(value);
    at = end;
  }
  return masked + text.slice(at);
}
