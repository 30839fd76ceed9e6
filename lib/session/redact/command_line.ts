/**
 * The secrets on a command line of ours, without options and FILE, to be found elsewhere.
 *
 * @module
 */

import { OPEN_WORD, type OpenOptions } from "./open_options.ts";
import { WORD_PART } from "./passphrase_places.ts";

const WORDS = new RegExp(`(?:${WORD_PART}){1,99}`, "g");

/** Four words as senders make them, also with dashes that an editor made. */
const FOUR_WORDS =
  /(?<![a-z])[a-z]{3,5}(?:[-\u2010-\u2015][a-z]{3,5}){3}(?![a-z])/gi;

const QUOTED = /^(["'])(.*)\1$/s;

/** A word that is rather the name of a file than a passphrase. */
const PATH = /[\\/]|\.\w{1,10}$/;

/**
 * Returns what is secret on a command line: the passphrase before FILE, what a receiver typed, and
 * whatever is in quotes.
 *
 * @param isServe Whether the last operand is FILE.
 * @param line The words after `serve`, `receive` or `pair`.
 */
export function secretsOnLine(
  isServe: boolean,
  line: string,
  open: OpenOptions,
): string[] {
  const operands = operandsOf(line, open);
  const isFile = operands.length > 1 || PATH.test(operands[0] ?? "");
  const secret = isServe && isFile ? operands.slice(0, -1) : operands;
  return [
    secret.map((word) => word.replace(QUOTED, "$2")).join(" "),
    ...secret.flatMap((word) => QUOTED.exec(word)?.[2] ?? []),
    ...Array.from(line.matchAll(FOUR_WORDS), ([words]) => words),
  ];
}

function operandsOf(line: string, { onLine }: OpenOptions): string[] {
  const words: string[] = line.replace(onLine, " ").match(WORDS) ?? [];
  const end = words.indexOf("--");
  const before = end === -1 ? words : words.slice(0, end);
  return [
    ...before.filter((word) => !OPEN_WORD.test(word)),
    ...end === -1 ? [] : words.slice(end + 1),
  ];
}
