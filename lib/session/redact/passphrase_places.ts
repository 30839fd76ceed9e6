/**
 * Where in a text a passphrase of ours may stand.
 *
 * @module
 */

const COMMAND = String
  .raw`(?:claude-spread:[a-z-]+|(?:distill|memory|sessions)-(?:share|receive))`;

/** Text without this holds nothing of ours. */
export const OURS =
  /claude-spread|CLAUDE_SPREAD|(?:distill|memory|sessions)-(?:share|receive)/;

/** Our program, as it may be called: from the PATH, compiled, or by its script. */
const PROGRAM = String
  .raw`claude-spread(?:[\w.-]{0,40}[ \t]{1,9}(?:serve|receive)\b|\S{0,200}?/(?:serve|receive)\.ts(?=\s))`;

/** How far behind what is piped the pipe may lead to our program, in UTF-16 units. */
const MAX_PIPED_LENGTH = 2000;

/** A place where a secret may stand: right behind what `before` finds. */
export interface Place {
  /** What a text must have in it for this place to count. */
  when?: RegExp;
  before: RegExp;
  /** Whether other words may follow it, so that what is found is not looked for elsewhere. */
  isLoose?: boolean;
  /** Where the secret that starts at `from` ends; `groups` are those of `before`. */
  end: (text: string, from: number, groups: Groups) => number;
}

type Groups = Record<string, string | undefined>;

/** Repetitions are bounded: a hostile text must not cost more than a look at each character. */
export const PLACES: Place[] = [
  // What the client keeps of a command that was typed.
  {
    when: new RegExp(`<command-name>/?${COMMAND}</command-name>`),
    before: /<command-args>/g,
    end: upTo(/<\/command-args>/g),
  },
  // The text of a skill, when it has no place of its own for the arguments.
  {
    when: /^Base directory for this skill: /,
    before: /\nARGUMENTS: /g,
    end: (text) => text.length,
  },
  // A prompt that is nothing but the command: the arguments may have several lines.
  {
    before: new RegExp(`^\\s{0,99}/${COMMAND}[ \\t]{1,99}`, "g"),
    end: (text) => text.length,
  },
  // The command in the middle of a text, for somebody to type.
  {
    isLoose: true,
    before: new RegExp(`/${COMMAND}[ \\t]{1,99}(?<quote>["']?)`, "g"),
    end: (text, from, { quote }) =>
      upTo(quote ? new RegExp(`[\n${quote}]`, "g") : /[\n"'<>`]/g)(text, from),
  },
  // What is handed to our command.
  {
    before:
      /claude-spread[ \t]{1,9}[a-z-]{1,99}[^\n]{0,999}?(?<!<)<<(?!<)-?[ \t]{0,9}\\?(["']?)(?<end>\w{1,99})(?!\w)\1[^\n]{0,999}\n/g,
    end: (text, from, { end }) =>
      upTo(new RegExp(`\\n?[ \\t]{0,99}\\b${end}\\b`, "g"))(text, from),
  },
  {
    before: new RegExp(`${PROGRAM}[^\\n]{0,999}?<<<[ \\t]{0,9}`, "g"),
    end: endOfWord,
  },
  // What is piped into it.
  {
    before:
      /\b(?:echo|printf)(?:[ \t]{1,9}-[neE]{1,3})?(?:[ \t]{1,9}(?<quote>["']?)%s(?:\\n)?\k<quote>)?(?=[ \t])/g,
    end: (text, from) => {
      const near = text.slice(from, from + MAX_PIPED_LENGTH);
      const end = endOfWords(near, 0);
      return PIPED.test(near.slice(end)) ? from + end : from;
    },
  },
  // What stands on its command line.
  { before: new RegExp(PROGRAM, "g"), end: endOfWords },
  // The variable, as shells and JSON set it to something that is no other variable.
  {
    before:
      /CLAUDE_SPREAD_PASSPHRASE(?:\\{0,9}["']|)(?:=|[ \t]{0,9}[=:]?[ \t]{0,9}(?=\\{0,9}["']))(?!=|\\{0,9}["']?(?:\$[({\w]|`))\$?(?<quote>\\{0,9}["']|)/g,
    end: (text, from, { quote }) =>
      (quote ? upTo(new RegExp(RegExp.escape(quote), "g")) : endOfWord)(
        text,
        from,
      ),
  },
  // Events that our commands print, also inside other JSON.
  {
    before: /\\{0,9}"(?:passphrase|invite)\\{0,9}"\s{0,9}:\s{0,9}\\{0,9}"/g,
    end: upTo(/[\\"]/g),
  },
];

/** To what `pattern` finds next, or to the end. */
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
const WORD_PART = String
  .raw`'[^'\n]{0,999}'|"(?:[^"\\\n]|\\.){0,999}"|\\[^\n]|[^\s;&|<>"'\\]{1,999}`;

/** The words of a command line that follow, up to a heredoc or the next command. */
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

/** A secret's place in a text. */
export type Span = [start: number, end: number];

/** The secrets' places of one kind in a text, in order. */
export function* spansOf(place: Place, text: string): Generator<Span> {
  if (place.when?.test(text) === false) return;
  const before = new RegExp(place.before);
  for (let found = before.exec(text); found; found = before.exec(text)) {
    const start = found.index + found[0].length;
    const end = place.end(text, start, found.groups ?? {});
    if (end > start) yield [start, end];
    before.lastIndex = Math.max(end, start);
    if (before.lastIndex === 0) return;
  }
}
