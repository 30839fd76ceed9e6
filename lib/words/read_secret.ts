/**
 * Recognizes the secret of a share in a typed or pasted text: generated words, an invite,
 * either of them with a mistake, the code of a drop, or a passphrase of the person's own.
 *
 * Both sides read a secret with {@linkcode readSecret} alone (docs/protocol.md, section 10.3),
 * so that they agree on its kind. It makes no suggestions; `mistakes.ts` does.
 *
 * @module
 */

import { codeIn } from "../drops/code.ts";
import { isShortWord, PASSPHRASE_WORDS } from "../crypto/eff_short_words.ts";
import { isRoomCode } from "../room_code.ts";
import { type Reading, readingsOf } from "./pasted_text.ts";

/** Longest word that counts as a mistyped one of the list, in UTF-16 units. */
const MAX_MISTYPED = 12;

/** A secret as a person gave it. */
export type GivenSecret =
  | WordsSecret
  | MistakenWords
  | CodeSecret
  | TypedSecret;

/** Generated words; with a room code if the share has a room on a relay. */
export interface WordsSecret {
  kind: "words";
  /** The words in lower case, joined by hyphens. */
  words: string;
  /** Room code of an invite; `null` without one. */
  roomCode: string | null;
  /** Value of `--relay` in a pasted line: empty for `--relay` alone, absent without the option. */
  relay?: string;
  /** Address of the sender in a pasted line, `host:port`, if there is one. */
  address?: string;
}

/** Text that is nearly generated words, or nearly an invite. */
export interface MistakenWords {
  kind: "mistake";
  /** The words as typed, in lower case, without the room code. */
  words: string[];
  roomCode: string | null;
  /**
   * Whether no share can have this passphrase, because it has the form of an invite, which
   * senders refuse. Otherwise it may also be a passphrase of a person's own that resembles
   * words.
   */
  isReserved: boolean;
}

/** The code of a drop, which may be mistyped; no share has such a passphrase. */
export interface CodeSecret {
  kind: "code";
  /** The characters after its prefix, for `readCode()`, which checks them. */
  characters: string;
  /** As with {@linkcode WordsSecret}. */
  relay?: string;
}

/** A passphrase of a person's own, exactly as it was given. */
export interface TypedSecret {
  kind: "typed";
  passphrase: string;
}

/** Recognizes the secret in `text`; a passphrase of a person's own is returned unchanged. */
export function readSecret(text: string): GivenSecret {
  const found = readingsOf(text).map(interpret);
  return found.find((secret) => secret?.kind === "words") ??
    found.find((secret) => secret !== null) ??
    { kind: "typed", passphrase: text };
}

/** Interprets one reading; `null` when it is neither words nor nearly words. */
function interpret(reading: Reading): GivenSecret | null {
  const [first = "", ...others] = reading.words;
  const hasCode = isRoomCode(first) && /\d/.test(first);
  const words = withYoyo(hasCode ? others : reading.words);
  const room = reading.room ?? null;
  const roomCode = hasCode ? first : room;
  const { relay, address } = reading;
  if (words.length === PASSPHRASE_WORDS && words.every(isShortWord)) {
    const isWhole = roomCode === null || isRoomCode(roomCode);
    return isWhole
      ? { kind: "words", words: words.join("-"), roomCode, relay, address }
      : null;
  }
  const characters = codeIn(reading.words);
  if (characters !== null) return { kind: "code", characters, relay };
  const isReserved = hasCode && words.length >= PASSPHRASE_WORDS &&
    words.every((word) => /^[a-z]+$/.test(word));
  return isReserved || isNearlyWords(words)
    ? { kind: "mistake", words, roomCode, isReserved }
    : null;
}

/** Joins "yo yo" to "yoyo": the word is in the list, and some people type it with a hyphen. */
function withYoyo(words: string[]): string[] {
  return words.join(" ").replace(/\byo yo\b/, "yoyo").split(" ");
}

/** Whether only one word is wrong, or only the number of words. */
function isNearlyWords(words: string[]): boolean {
  if (words.some((word) => word.length > MAX_MISTYPED)) return false;
  const right = words.filter(isShortWord).length;
  switch (words.length - PASSPHRASE_WORDS) {
    case -1:
      return right === words.length || right === 2 && splits(words).length > 0;
    case 0:
      return right === words.length - 1;
    case 1:
      return right >= words.length - 1 || joins(words).length > 0;
    default:
      return false;
  }
}

/** Returns the ways to make words of the list by splitting one: a hyphen was left out. */
export function splits(words: string[]): string[][] {
  return words.flatMap((word, i) =>
    Array.from({ length: word.length }, (_, at) => [
      ...words.slice(0, i),
      word.slice(0, at),
      word.slice(at),
      ...words.slice(i + 1),
    ])
  ).filter((all) => all.every(isShortWord));
}

/** Returns the ways to make words of the list by joining two, or by dropping one. */
export function joins(words: string[]): string[][] {
  const joined = words.slice(1).map((word, i) => [
    ...words.slice(0, i),
    words[i]! + word,
    ...words.slice(i + 2),
  ]);
  const shortened = words.map((_, i) => words.toSpliced(i, 1))
    // When all words are of the list, only one that is repeated is known to be too much.
    .filter((_, i) => !isShortWord(words[i]!) || words[i] === words[i + 1]);
  return [...joined, ...shortened].filter((all) => all.every(isShortWord));
}
