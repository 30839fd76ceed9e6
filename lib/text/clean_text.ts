/**
 * Cleaning of received text before a person or a model sees it.
 *
 * Text from another machine can steer a terminal, hide words that a model still reads, or
 * pose as a message of the program that shows it. Cleaning removes or disarms such parts
 * and keeps the text that a person would read. `--output` keeps the exact bytes.
 *
 * @module
 */

/** Cleaned text, and how many characters or sequences of each sort were removed. */
export interface CleanedText {
  text: string;
  removed: Record<RemovedSort, number>;
}

/** Sorts of removed text; `tags` are not removed but disarmed by a space after `<`. */
export type RemovedSort =
  | "escapes"
  | "controls"
  | "bidi"
  | "invisible"
  | "tags";

/**
 * Terminal escape sequences (ECMA-48): strings such as OSC up to their end, CSI, and the
 * short ones.
 */
const ESCAPES =
  // deno-lint-ignore no-control-regex -- the pattern is about these characters
  /(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]{0,4096}(?:\x07|\x1b\\|\x9c)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?/g;

/** C0 without tab and newline, DEL, C1. */
// deno-lint-ignore no-control-regex -- the pattern is about these characters
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Marks, embeddings, overrides and isolates of the bidirectional algorithm. */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Invisible characters: format and default-ignorable characters (zero-width, fillers, tags,
 * the variation selectors beyond the first sixteen), line and paragraph separators. Not
 * included are the sixteen that choose how an emoji looks, and signs of Arabic, Syriac and
 * Kaithi that are visible although Unicode calls them format characters.
 */
const INVISIBLE =
  /(?![\ufe00-\ufe0f\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{Cf}\p{DI}\u2028\u2029\u180e\ufff0-\ufffb]/gu;

/** Tags that a client puts around its own messages to a model. */
const TAGS =
  /<(?=\/?(?:antml:|system|task-notification|command-|local-command|function_|tool_|user-prompt|bash-|persisted-output|new-diagnostics|teammate-message|cross-session-message|agent-(?:message|notification)|channel\s+source|mcp-(?:resource|polling)|ide_|fork-boilerplate|ultraplan|parameter\b|invoke\b|human\b|assistant\b|user\b))/gi;

/** Removes from `text` everything that could act on its reader. */
export function cleanText(text: string): CleanedText {
  const removed: CleanedText["removed"] = {
    escapes: 0,
    controls: 0,
    bidi: 0,
    invisible: 0,
    tags: 0,
  };
  const take = (from: string, pattern: RegExp, sort: RemovedSort, by = "") =>
    from.replace(pattern, () => {
      removed[sort]++;
      return by;
    });

  let cleaned = text.replaceAll("\r\n", "\n");
  cleaned = take(cleaned, ESCAPES, "escapes");
  cleaned = take(cleaned, CONTROLS, "controls");
  cleaned = take(cleaned, BIDI, "bidi");
  cleaned = take(cleaned, INVISIBLE, "invisible");
  // Last, because a removal can bring the parts of a tag together.
  cleaned = take(cleaned, TAGS, "tags", "< ");
  return { text: cleaned, removed };
}

/** Beginnings of a command's own lines, in output that also shows received text. */
const OWN_WORDS = /^(?=[^\S\n]*(?:claude-)?spread:)/gim;

/**
 * Marks lines that look like those of the command that shows the text.
 *
 * @param cleaned Already cleaned, because a removal can create such a line.
 * @returns The text, and a warning; `null` when no line was marked.
 */
export function markPosingLines(
  cleaned: string,
): { text: string; warning: string | null } {
  let marked = 0;
  const text = cleaned.replace(OWN_WORDS, () => {
    marked++;
    return "> ";
  });
  const warning = marked === 0 ? null : "Lines that imitate messages of " +
    `this command are marked with > (${marked})`;
  return { text, warning };
}

/** Number of removals in a text, of all sorts. */
export function countRemoved(removed: CleanedText["removed"]): number {
  return Object.values(removed).reduce((sum, count) => sum + count, 0);
}

/**
 * One line of at most `maxLength` characters, cleaned, for names and addresses. It holds no half of
 * a surrogate pair, which nobody could repeat.
 */
export function cleanLine(text: string, maxLength: number): string {
  const line = cleanText(text.toWellFormed()).text.replace(/\s+/g, " ").trim();
  if (line.length <= maxLength) return line;
  const end = line.codePointAt(maxLength - 2)! > 0xffff ? 2 : 1;
  return `${line.slice(0, maxLength - end)}…`;
}
