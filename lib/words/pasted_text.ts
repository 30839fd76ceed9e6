/**
 * Reduces pasted text to the words in it that may be a secret: takes off quotes, punctuation,
 * invisible characters, and the command and options of a whole pasted line.
 *
 * This module does not decide whether the words are a secret; `read_secret.ts` does. Nothing
 * here changes a passphrase of a person's own, which is used byte for byte.
 *
 * @module
 */

import { PLUGIN_NAME } from "../plugin_name.ts";
import { isAddress } from "../room_code.ts";

/** Longest text that is searched, in UTF-16 units: an invite and some lines around it. */
const MAX_LENGTH = 4096;

/** A command that takes words, anywhere in a text: of Claude Code, or of a shell. */
const COMMAND = new RegExp(
  String
    .raw`(?:/${PLUGIN_NAME}:(?:[a-z-]*receive|pair)|claude-spread(?:\.[a-z]+)?\s+(?:receive|pair))` +
    String.raw`(?![\w-])`,
  "i",
);

/** Text in the form in which the sender shows words. */
const PLAIN = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** The start of an option; some programs turn its two hyphens into a dash. */
const OPTION =
  /^(?:--|\p{Pd}{1,2}(?=\p{L}))(?<name>[a-z-]+)(?:=(?<value>.*))?$/isu;

/** Punctuation around a word, as in a sentence, a chat or Markdown. */
const AROUND = /^[`"'“”„‘’«»<(*]+|[`"'“”‘’«»>)*.,;!?]+$/gu;

/** Quotes of a shell around the value of an option. */
const QUOTES = /^["']|["']$/g;

/** One way to read a text. */
export interface Reading {
  /** Runs of letters and digits, in lower case, without those of options and the address. */
  words: string[];
  /** Value of `--room` in the text. */
  room?: string;
  /** Value of `--relay` in the text; empty for `--relay` without a value. */
  relay?: string;
  /** Address of the sender at the end of the text: `host:port`. */
  address?: string;
}

/**
 * Returns the ways to read a text, the likeliest first; none when it is longer than
 * {@linkcode MAX_LENGTH}.
 */
export function readingsOf(text: string): Reading[] {
  if (text.length > MAX_LENGTH) return [];
  // The form that the sender shows needs none of the steps below, which take milliseconds.
  if (PLAIN.test(text)) return [{ words: text.split("-") }];
  // NFKC, because keyboards for Chinese and Japanese type full-width letters.
  const plain = text.normalize("NFKC")
    .replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  return partsOf(plain).flatMap((part) => [
    readPart(part, false),
    // An option that is not known here may have a value.
    readPart(part, true),
  ]);
}

/** Returns what follows a pasted command, with and without later lines; or else the whole text. */
function partsOf(text: string): string[] {
  const command = COMMAND.exec(text);
  if (command === null) return [text];
  const after = text.slice(command.index + command[0].length);
  return [after, after.split("\n", 1)[0]!];
}

/** @param haveValues Whether options other than `--relay` and `--room` are taken to have values. */
function readPart(text: string, haveValues: boolean): Reading {
  const reading: Reading = { words: [] };
  const parts = text.split(/\s+/u).filter((part) => part !== "");
  while (parts.length > 0) {
    const part = parts.shift()!;
    const option = OPTION.exec(part)?.groups;
    const bare = part.replace(AROUND, "");
    if (option !== undefined) {
      takeOption(
        option.name!.toLowerCase(),
        option.value,
        parts,
        reading,
        haveValues,
      );
    } else if (reading.words.length > 0 && isAddress(bare)) {
      reading.address = bare;
    } else reading.words.push(...wordsIn(part));
  }
  return reading;
}

function takeOption(
  name: string,
  value: string | undefined,
  next: string[],
  reading: Reading,
  haveValues: boolean,
): void {
  if (name === "relay") {
    const isUrl = /^["']?(?:wss?|https?):\/\//i.test(next[0] ?? "");
    const url = value ?? (isUrl ? next.shift()! : "");
    reading.relay = url.replace(QUOTES, "");
  } else if (name === "room") {
    reading.room = (value ?? next.shift())?.toLowerCase();
  } else if (haveValues && value === undefined) next.shift();
}

/** Splits text into runs of letters and digits; whatever is between them counts as a hyphen. */
function wordsIn(text: string): string[] {
  return text.toLowerCase().split(/[^\p{L}\p{N}\p{M}]+/u).filter((word) =>
    word !== ""
  );
}
