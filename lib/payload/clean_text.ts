/**
 * Cleaning of received text before anyone, person or model, sees it.
 *
 * Text from another machine can steer a terminal, hide words from the eye that a model
 * reads, or pose as a message of the program that shows it. What does that is taken out;
 * what a person would read stays. Exact bytes are for `--output`.
 *
 * @module
 */

/** Cleaned text, and how many characters or sequences of each sort it cost. */
export interface CleanedText {
  text: string;
  removed: Record<RemovedSort, number>;
}

/** Sorts of what is taken out; `tags` are made harmless by a space after `<`, not removed. */
export type RemovedSort =
  | "escapes"
  | "controls"
  | "bidi"
  | "invisible"
  | "tags";

/** Terminal escape sequences (ECMA-48): OSC and its kin up to their end, CSI, and the short ones. */
const ESCAPES =
  // deno-lint-ignore no-control-regex -- these are what is looked for
  /(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]{0,4096}(?:\x07|\x1b\\|\x9c)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?/g;

/** C0 without tab and newline, DEL, C1. */
// deno-lint-ignore no-control-regex -- these are what is looked for
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Marks, embeddings, overrides and isolates of the bidirectional algorithm. */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Zero-width characters, fillers that show as nothing, line and paragraph separators,
 * interlinear marks, tag characters and the variation selectors beyond the first sixteen.
 */
const INVISIBLE =
  /[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

/** Tags by which a client marks its own words to a model. */
const TAGS =
  /<(?=\/?(?:antml:|system|task-notification|command-|local-command|function_|tool_|user-prompt|bash-|persisted-output|new-diagnostics|parameter\b|invoke\b|human\b|assistant\b|user\b))/gi;

/** Takes out of `text` what could act on its reader. */
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
  // Last, because taking something out can bring the parts of a tag together.
  cleaned = take(cleaned, TAGS, "tags", "< ");
  return { text: cleaned, removed };
}

/** One line of at most `maxLength` characters, cleaned, for names and addresses. */
export function cleanLine(text: string, maxLength: number): string {
  const line = cleanText(text).text.replace(/\s+/g, " ").trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`;
}
