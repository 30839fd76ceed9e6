/**
 * Places in a text where a passphrase of ours may be.
 *
 * @module
 */

import { PLUGIN_NAME } from "../../plugin_name.ts";

const COMMAND = String
  .raw`(?:${PLUGIN_NAME}:[a-z-]+|(?:distill|memory|sessions)-(?:share|receive))`;

/**
 * The code of a drop, in which no other text could be mistaken; it always has a digit. Between its
 * groups there may be any hyphens or blanks.
 */
export const CODE =
  /(?<![a-z0-9])drop(?=[^\n]{0,35}\d)(?:[\s_\u2010-\u2015-]{1,2}[0-9a-z]{5}){6}(?![a-z0-9])/gi;

/** Words of ours; a text without them contains no secret of ours. */
export const OURS =
  /claude-spread|CLAUDE_SPREAD|(?:distill|memory|sessions)-(?:share|receive)|Words from the sender: |Did you mean \\{0,9}"[a-z0-9]|[dD][rR][oO][pP][\s_\u2010-\u2015-]{1,2}[0-9A-Za-z]{5}[\s_\u2010-\u2015-]/;

/** Length of the shortest of these words, in UTF-16 units. */
export const MIN_OURS_LENGTH = "memory-share".length;

/** The ways to call our program: from the PATH, compiled, or by its script. */
const PROGRAM = String
  .raw`claude-spread(?:[\w.-]{0,40}[ \t]{1,9}(?:serve|receive)\b|\S{0,200}?/(?:serve|receive)\.ts(?=\s))`;

/** Options before words, with their values. */
const OPTIONS = String
  .raw`(?:[ \t]{1,9}--?[a-z][a-z-]{0,20}(?:=\S{0,200})?(?:[ \t]{1,9}[^\s-]\S{0,200})?){0,6}`;

/** Four words or so, perhaps after a room code; with blanks between them only up to the end of a command. */
const SOME_WORDS = String
  .raw`(?:[a-z0-9]{2,20}(?:[-_,\u2010-\u2015][a-z]{2,20}){3,5}` +
  String
    .raw`|[a-z]{3,5}(?:[ \t]{1,9}[a-z]{3,5}){3}(?=["']?[ \t]{0,9}(?:[\n;&|<>)]|$)))`;

/**
 * The command that makes a pair, with words after it: people, and our own messages, also write its
 * name in the middle of a sentence.
 */
const PAIR = new RegExp(
  String
    .raw`claude-spread(?:[\w.-]{0,40}[ \t]{1,9}pair\b|\S{0,200}?/pair\.ts(?=\s))` +
    String.raw`(?=${OPTIONS}[ \t]{1,9}["']?${SOME_WORDS})`,
  "gi",
);

/** Most characters, in UTF-16 units, between piped text and the pipe to our program. */
const MAX_PIPED_LENGTH = 2000;

/**
 * Most characters of a secret in a file, in UTF-16 units: where many have no end, the search for
 * each must not go through the whole file.
 */
const MAX_LENGTH_IN_FILE = 4096;

/** A place where a secret may be: right after a match of `before`. */
export interface PassphrasePlace {
  /** Pattern that a text must match for this place to count. */
  when?: RegExp;
  before: RegExp;
  /** Whether other words may follow the secret, so that the match is not searched for elsewhere. */
  isLoose?: boolean;
  /** Whether it is a command line of ours, of which each word may be a secret. */
  isCommandLine?: boolean;
  /** Whether the secret goes over lines in a file too, and not only in a message. */
  isOverLines?: boolean;
  /** Returns the end of the secret that starts at `from`; `groups` are those of `before`. */
  end: (text: string, from: number, groups: Groups) => number;
}

type Groups = Record<string, string | undefined>;

/**
 * All places. Repetitions are bounded: a hostile text must not cost more than a look at
 * each character.
 */
export const PLACES: PassphrasePlace[] = [
  // A typed command, as Claude Code keeps it.
  {
    when: new RegExp(`<command-name>/?${COMMAND}</command-name>`),
    before: /<command-args>/g,
    end: upTo(/<\/command-args>/g),
  },
  // The text of a skill that has no place of its own for the arguments.
  {
    when: /^Base directory for this skill: /,
    before: /\nARGUMENTS: /g,
    end: (text) => text.length,
  },
  // A prompt that is only the command; the arguments may have several lines.
  {
    before: new RegExp(`^\\s{0,99}/${COMMAND}[ \\t]{1,99}`, "g"),
    end: (text) => text.length,
  },
  // The command in the middle of a text, for a person to type.
  {
    isLoose: true,
    before: new RegExp(`/${COMMAND}[ \\t]{1,99}(?<quote>["']?)`, "g"),
    end: (text, from, { quote }) =>
      upTo(quote ? new RegExp(`[\n${quote}]`, "g") : /[\n"'<>`]/g)(text, from),
  },
  // A heredoc or a here-string for our command. The end of the line is looked for once, not after
  // each `<<`.
  {
    isOverLines: true,
    before:
      /claude-spread[ \t]{1,9}[a-z-](?=[^\n]{0,1999}\n)[^\n]{0,999}?(?<!<)<<(?!<)-?[ \t]{0,9}\\?(["']?)(?<end>\w{1,99})(?!\w)\1[^\n]*\n/g,
    end: (text, from, { end }) =>
      upTo(new RegExp(`\\n?[ \\t]{0,99}\\b${end}\\b`, "g"))(text, from),
  },
  {
    before: new RegExp(`${PROGRAM}[^\\n]{0,999}?<<<[ \\t]{0,9}`, "g"),
    end: endOfWord,
  },
  // Text piped into our command.
  {
    isOverLines: true,
    before:
      /\b(?:echo|printf)(?:[ \t]{1,9}-[neE]{1,3})?(?:[ \t]{1,9}(?<quote>["']?)%s(?:\\n)?\k<quote>)?(?=[ \t])/g,
    end: (text, from) => {
      const near = text.slice(from, from + MAX_PIPED_LENGTH);
      const end = endOfWords(near, 0);
      return PIPED.test(near.slice(end)) ? from + end : from;
    },
  },
  // The command line of our program.
  {
    isCommandLine: true,
    isOverLines: true,
    before: new RegExp(PROGRAM, "g"),
    end: endOfWords,
  },
  { isCommandLine: true, isOverLines: true, before: PAIR, end: endOfWords },
  // The variable, where shells and JSON set it to something other than a variable.
  {
    before:
      /CLAUDE_SPREAD_PASSPHRASE(?:\\{0,9}["']|)(?:=|[ \t]{0,9}[=:]?[ \t]{0,9}(?=\\{0,9}["']))(?!=|\\{0,9}["']?(?:\$[({\w]|`))\$?(?<quote>\\{0,9}["']|)/g,
    end: (text, from, { quote }) =>
      (quote ? upTo(new RegExp(RegExp.escape(quote), "g")) : endOfWord)(
        text,
        from,
      ),
  },
  // Words that a person typed when `receive` asked for them, in a copy of the screen.
  { before: /Words from the sender: /g, end: upTo(/[ \t]*\n/g) },
  // Words that `receive` suggests for mistyped ones.
  {
    before:
      /Did you mean (?=\\{0,9}"(?:[a-z0-9]{6}-)?[a-z]{3,5}(?:-[a-z]{3,5}){3}\\{0,9}")/g,
    end: upTo(/[?\n]/g),
  },
  // Events that our commands print, inside other JSON too.
  {
    before: /\\{0,9}"(?:passphrase|invite)\\{0,9}"\s{0,9}:\s{0,9}\\{0,9}"/g,
    end: upTo(/[\\"]/g),
  },
];

/** Ends a secret at the next match of `pattern`, or at the end of the text. */
function upTo(pattern: RegExp): (text: string, from: number) => number {
  return (text, from) => {
    pattern.lastIndex = from;
    return pattern.exec(text)?.index ?? text.length;
  };
}

/** A pipe that leads to our program. */
const PIPED = new RegExp(
  String.raw`^[ \t]{0,9}\|[ \t]{0,9}[^\s|;&]{0,200}?${PROGRAM}`,
);

/** A part of a word, as shells read it. */
export const WORD_PART = String
  .raw`'[^'\n]{0,999}'|"(?:[^"\\\n]|\\.){0,999}"|\\[^\n]|[^\s;&|<>"'\\]{1,999}`;

/** Ends a secret after the following words of a command line, up to a heredoc or the next command. */
function endOfWords(text: string, from: number): number {
  const words = new RegExp(
    String.raw`(?:(?:[ \t]|\\\n){1,99}(?!<<)(?:${WORD_PART}){1,99})*`,
    "y",
  );
  return endOf(words, text, from);
}

function endOfWord(text: string, from: number): number {
  return endOf(new RegExp(`(?:${WORD_PART}){0,99}`, "y"), text, from);
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return from + pattern.exec(text)![0].length;
}

/** The position of a secret in a text. */
export type SecretSpan = [start: number, end: number];

/**
 * The secrets in places of one kind in a text, in order.
 *
 * @param isPart Whether the text is a part of a file: secrets end with their line then, apart from
 *   those that go over lines and whose end is near.
 */
export function* spansOf(
  place: PassphrasePlace,
  text: string,
  isPart = false,
): Generator<SecretSpan> {
  if (place.when?.test(text) === false) return;
  const before = new RegExp(place.before);
  for (let found = before.exec(text); found; found = before.exec(text)) {
    const start = found.index + found[0].length;
    const near = isPart ? text.slice(0, start + MAX_LENGTH_IN_FILE) : text;
    let end = place.end(near, start, found.groups ?? {});
    if (isPart && !(place.isOverLines && end < near.length)) {
      end = Math.min(end, upTo(/\n/g)(near, start));
    }
    if (end > start) yield [start, end];
    before.lastIndex = Math.max(end, start);
    if (before.lastIndex === 0) return;
  }
}
