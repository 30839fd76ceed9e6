/**
 * The prompt for words: completion from the word list, and mistakes shown at once.
 *
 * A pure reducer; `prompt.ts` shows its state and brings the keys.
 *
 * @module
 */

import {
  isShortWord,
  PASSPHRASE_WORDS,
  shortWords,
} from "../../../lib/crypto/eff_short_words.ts";
import { CODE_PREFIX } from "../../../lib/drops/code.ts";
import {
  corrections,
  mistakeError,
  nearestWords,
  wrongWords,
} from "../../../lib/words/mistakes.ts";
import {
  type MistakenWords,
  readSecret,
} from "../../../lib/words/read_secret.ts";
import type { Key } from "./keys.ts";
import { edit, type EditedLine, EMPTY, lineOf, textOf } from "./line.ts";

/** A prompt for words in the middle of its answer. */
export interface WordsState {
  line: EditedLine;
  /** Remark below the line; what matters comes first, because the rest may not fit. */
  note: string;
  /** Text that Tab puts in place of the line. */
  offer: string | null;
  /** Text that a second Enter takes as a passphrase of the person's own. */
  insisted: string | null;
  /** The answer. */
  answer: string | null;
}

/** An empty prompt. */
export const NO_WORDS: WordsState = {
  line: EMPTY,
  note: "",
  offer: null,
  insisted: null,
  answer: null,
};

/** Returns the state after a key. */
export function stepWords(state: WordsState, key: Key): WordsState {
  if (key.kind === "control" && key.name === "enter") return submit(state);
  if (key.kind === "control" && key.name === "tab") return complete(state);
  const isSeparator = key.kind === "text" && /^[\s\-_]$/.test(key.text);
  const { line } = state;
  if (!isSeparator || line.after !== "") return at(edit(line, key));
  return remark(at(edit(lineOf(finished(line.before)), key)));
}

/** A state with no more than a line. */
function at(line: EditedLine, rest: Partial<WordsState> = {}): WordsState {
  return { ...NO_WORDS, line, ...rest };
}

/** The word that the text ends with, in lower case. */
function lastWord(text: string): string {
  return /[\p{L}\p{N}]*$/u.exec(text)![0].toLowerCase();
}

function withLastWord(text: string, word: string): string {
  return text.slice(0, text.length - lastWord(text).length) + word;
}

function wordsFrom(beginning: string): string[] {
  return shortWords().filter((word) => word.startsWith(beginning));
}

/** The text with its last word completed, if one word alone begins so. */
function finished(text: string): string {
  const word = lastWord(text);
  if (word === "" || isShortWord(word)) return text;
  const [only, ...others] = wordsFrom(word);
  return only !== undefined && others.length === 0
    ? withLastWord(text, only)
    : text;
}

/** Says so at once if the word before the separator is not of the list. */
function remark(state: WordsState): WordsState {
  const text = state.line.before.slice(0, -1);
  const word = lastWord(text);
  // A room code, or the beginning of a code or of a pasted command.
  const isOther = word === CODE_PREFIX || !/^[a-z]+$/.test(word);
  if (isShortWord(word) || isOther) return state;
  const nearest = nearestWords(word);
  return {
    ...state,
    note: noteOn(word, nearest, nearest.length === 1),
    offer: nearest.length === 1
      ? withLastWord(text, nearest[0]!) + state.line.before.slice(-1)
      : null,
  };
}

/** A remark on a wrong word. */
function noteOn(word: string, nearest: string[], isOffered: boolean): string {
  const wrong = `"${word}" is not one of the words`;
  if (nearest.length === 0) return wrong;
  return `${nearest.join(", ")}? ${wrong}${isOffered ? "; Tab takes it" : ""}`;
}

/** Completes the last word, or takes what is offered. */
function complete(state: WordsState): WordsState {
  const { line, offer } = state;
  if (offer !== null) return at(lineOf(offer));
  const word = lastWord(line.before);
  if (line.after !== "" || word === "") return state;
  const words = wordsFrom(word);
  if (words.length === 0) {
    return { ...state, note: `No word begins with "${word}"` };
  }
  if (words.length === 1) {
    const text = withLastWord(line.before, words[0]!);
    return at(lineOf(isWhole(text) ? text : `${text}-`));
  }
  const common = commonStart(words);
  return at(lineOf(withLastWord(line.before, common)), {
    note: words.join(" "),
  });
}

function isWhole(text: string): boolean {
  return readSecret(text).kind === "words";
}

function commonStart(words: string[]): string {
  const [first = "", ...others] = words;
  let length = first.length;
  while (!others.every((word) => word.startsWith(first.slice(0, length)))) {
    length--;
  }
  return first.slice(0, length);
}

function submit(state: WordsState): WordsState {
  const typed = textOf(state.line);
  if (typed.trim() === "") {
    return at(state.line, {
      note: `${PASSPHRASE_WORDS} words, as the sender shows them; Ctrl+C stops`,
    });
  }
  const ready = finished(typed);
  const text = isWhole(ready) ? ready : typed;
  const secret = readSecret(text);
  const isReady = secret.kind === "words" || secret.kind === "code";
  if (isReady || state.insisted === text) {
    return at(lineOf(text), { answer: text });
  }
  if (secret.kind === "typed") {
    return at(state.line, {
      note: "Not a sender's words; press Enter again to use it as a passphrase",
      insisted: text,
    });
  }
  const meant = corrections(secret);
  return at(state.line, {
    note: noteOnAll(secret, meant),
    offer: meant.length === 1 ? meant[0]! : null,
  });
}

/** A remark on mistaken words; a narrow terminal shows no more than its beginning. */
function noteOnAll(mistake: MistakenWords, meant: string[]): string {
  const [wrong] = wrongWords(mistake);
  const isOffered = meant.length === 1;
  if (mistake.words.length === PASSPHRASE_WORDS && wrong !== undefined) {
    return noteOn(wrong.word, wrong.nearest, isOffered);
  }
  return meant.length === 0
    ? mistakeError(mistake).message
    : `${meant.join(", ")}?${isOffered ? " Tab takes it" : ""}`;
}
