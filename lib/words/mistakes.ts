/**
 * Explanations of mistyped words: which word is wrong, and what was probably meant.
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

/** Greatest number of slips in a word for which another is suggested. */
const MAX_SLIPS = 2;

/** Most suggestions. */
const MAX_SUGGESTIONS = 3;

/** A word that senders do not make. */
export interface WrongWord {
  /** Position among the words, from 0; a room code is not counted. */
  position: number;
  word: string;
  /** The nearest words of the list, at most three; empty when none is near. */
  nearest: string[];
}

/** The words that are not of the list. */
export function wrongWords({ words }: MistakenWords): WrongWord[] {
  return words.map((word, position) => ({ position, word }))
    .filter(({ word }) => !isShortWord(word))
    .map((wrong) => ({ ...wrong, nearest: nearestWords(wrong.word) }));
}

/** The nearest words of the list to a mistyped one, at most three. */
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

/** The number of slips; two letters that changed places are one. */
function slipsBetween(word: string, other: string): number {
  return isSwapped(word, other) ? 1 : levenshteinDistance(word, other);
}

function isSwapped(word: string, other: string): boolean {
  if (word.length !== other.length || word === other) return false;
  const at = [...word].findIndex((letter, i) => letter !== other[i]);
  return word.slice(0, at) + (word[at + 1] ?? "") + word[at] +
      word.slice(at + 2) === other;
}

/** Whole texts that were probably meant, the likeliest first, at most three. */
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

/**
 * The error for a mistake.
 *
 * @returns `USAGE`, with the whole corrected text in its hint if one is likely.
 */
export function mistakeError(mistake: MistakenWords): SpreadError {
  const meant = corrections(mistake).map((text) => `"${text}"`);
  const advice = meant.length > 0
    ? `Did you mean ${list(meant, "or")}?`
    : "Compare the words with those that the sender shows.";
  const insist = mistake.isReserved ? "" : ` ${INSIST}`;
  return usage(describe(mistake), (advice + insist).replace(/\.$/, ""));
}

/** The way out for a passphrase that only resembles words. */
const INSIST =
  "Give a passphrase of your own that looks like this by --passphrase or --passphrase-file";

function describe(mistake: MistakenWords): string {
  const { words } = mistake;
  const first = words[0]!;
  if (words.length > PASSPHRASE_WORDS && looksLikeCode(first)) {
    return `"${first}" is not a room code, which has six letters and digits`;
  }
  if (words.length !== PASSPHRASE_WORDS) {
    const whole = mistake.roomCode === null
      ? "The sender makes four words"
      : "An invite has four words after the room code";
    return `${whole}; there are ${words.length} here`;
  }
  const wrong = wrongWords(mistake).map(({ word }) => `"${word}"`);
  return wrong.length === 1
    ? `${wrong[0]} is not one of the words that senders make`
    : `${list(wrong, "and")} are not words that senders make`;
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
