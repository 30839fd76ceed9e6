/**
 * Explains mistyped words: which word is wrong, and which one was probably meant.
 *
 * This module corrects nothing by itself; `read_secret.ts` recognizes a mistake.
 *
 * @module
 */

import { levenshteinDistance } from "@std/text/levenshtein-distance";
import {
  isShortWord,
  PASSPHRASE_WORDS,
  shortWords,
} from "../crypto/eff_short_words.ts";
import { SpreadError, usage } from "../errors.ts";
import { joins, type MistakenWords, splits } from "./read_secret.ts";

/** Most slips (letters changed, added, left out or swapped) between a word and a suggestion. */
const MAX_SLIPS = 2;

/** Most suggestions for one word, and for a whole text. */
const MAX_SUGGESTIONS = 3;

/** A word that is not in the list, so that no sender uses it. */
export interface WrongWord {
  /** Position among the words, from 0; a room code is not counted. */
  position: number;
  word: string;
  /** The nearest words of the list, at most three; empty when none is near. */
  nearest: string[];
}

/** Returns the words that are not in the list, in order. */
export function wrongWords({ words }: MistakenWords): WrongWord[] {
  return words.map((word, position) => ({ position, word }))
    .filter(({ word }) => !isShortWord(word))
    .map((wrong) => ({ ...wrong, nearest: nearestWords(wrong.word) }));
}

/**
 * Returns the words of the list that are nearest to a mistyped one, at most three; none when
 * all of them differ by more than two slips (in three letters, by more than one).
 */
export function nearestWords(word: string): string[] {
  const ranked = shortWords().map((other) => ({
    other,
    slips: slipsBetween(word, other),
  }));
  const fewest = Math.min(...ranked.map(({ slips }) => slips));
  if (fewest > Math.min(MAX_SLIPS, word.length - 2)) return [];
  const nearest = ranked.filter(({ slips }) => slips === fewest)
    .map(({ other }) => other);
  // People seldom mistype the first letter.
  const [likely, others] = [true, false].map((isSame) =>
    nearest.filter((other) => (other[0] === word[0]) === isSame)
  );
  return [...likely!, ...others!].slice(0, MAX_SUGGESTIONS);
}

/** Counts the slips between two words; two neighboring letters that are swapped count as one. */
function slipsBetween(word: string, other: string): number {
  return isSwapped(word, other) ? 1 : levenshteinDistance(word, other);
}

function isSwapped(word: string, other: string): boolean {
  if (word.length !== other.length || word === other) return false;
  const at = [...word].findIndex((letter, i) => letter !== other[i]);
  return word.slice(0, at) + (word[at + 1] ?? "") + word[at] +
      word.slice(at + 2) === other;
}

/** Returns whole texts that were probably meant, the likeliest first, at most three. */
export function corrections(mistake: MistakenWords): string[] {
  return correctedWords(mistake).slice(0, MAX_SUGGESTIONS)
    .map((words) => words.join("-"))
    .map((text) =>
      mistake.roomCode === null ? text : `${mistake.roomCode}-${text}`
    );
}

function correctedWords(mistake: MistakenWords): string[][] {
  const { words } = mistake;
  if (words.length < PASSPHRASE_WORDS) return splits(words);
  if (words.length > PASSPHRASE_WORDS) {
    return looksLikeCode(words[0]!) ? [] : joins(words);
  }
  return wrongWords(mistake).reduce(
    (lines, { position, nearest }) =>
      lines.flatMap((line) => nearest.map((near) => line.with(position, near))),
    [words],
  );
}

/** Error `USAGE` for a mistake; its hint has the whole corrected text if one is likely. */
export function mistakeError(mistake: MistakenWords): SpreadError {
  const meant = corrections(mistake).map((text) => `"${text}"`);
  const advice = meant.length > 0
    ? `Did you mean ${list(meant, "or")}?`
    : "Compare the words with those that the sender shows.";
  const insist = mistake.isReserved ? "" : ` ${INSIST}`;
  return usage(describe(mistake), (advice + insist).replace(/\.$/, ""));
}

/** Advice for a person whose own passphrase only resembles words. */
const INSIST =
  "If this is a passphrase of your own, give it with --passphrase or --passphrase-file";

function describe(mistake: MistakenWords): string {
  const { words } = mistake;
  const first = words[0]!;
  if (words.length > PASSPHRASE_WORDS && looksLikeCode(first)) {
    return `"${first}" is not a room code, which has six letters and digits`;
  }
  if (words.length !== PASSPHRASE_WORDS) {
    const whole = mistake.roomCode === null
      ? "The sender shows four words"
      : "An invite has four words after the room code";
    return `${whole}; there are ${words.length} here`;
  }
  const wrong = wrongWords(mistake).map(({ word }) => `"${word}"`);
  return wrong.length === 1
    ? `${wrong[0]} is not one of the words that Claude Spread uses`
    : `${list(wrong, "and")} are not words that Claude Spread uses`;
}

function looksLikeCode(word: string): boolean {
  return /\d/.test(word);
}

/** Joins texts as a sentence does: `a, b or c`. */
function list(texts: string[], last: "and" | "or"): string {
  return texts.length < 2
    ? texts.join("")
    : `${texts.slice(0, -1).join(", ")} ${last} ${texts.at(-1)}`;
}
