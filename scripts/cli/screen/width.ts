/**
 * The width of text on a terminal, in columns.
 *
 * `@std/cli/unicode-width` would do this, but its npm package lacks the data. Unicode's own
 * properties serve instead. Terminals disagree about sequences of emoji: those are counted in
 * full, so that a line that fits by this count fits everywhere.
 *
 * @module
 */

/** Characters that take no column, such as accents after their letter. */
const ZERO = /[\p{M}\p{Cc}\p{Cf}\u1160-\u11ff]/u;

/** Characters that take two columns: East Asian ones, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\p{Emoji_Presentation}\u{16fe0}-\u{18d08}\u{1aff0}-\u{1b2fb}\u{1d300}-\u{1d376}\u{1f000}-\u{1f02f}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;

/** Asks for the emoji form of the character before it, which may add a column. */
const EMOJI_FORM = "\ufe0f";

/** The number of columns that a text takes, or may take at most. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

function widthOfCharacter(character: string): number {
  if (character >= " " && character <= "~") return 1;
  if (character === EMOJI_FORM) return 1;
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** Cuts a text to a number of columns, and ends it with `…` if anything is missing. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = "";
  let width = 1;
  for (const character of text) {
    width += widthOfCharacter(character);
    if (width > columns) break;
    kept += character;
  }
  return columns < 1 ? "" : `${kept.trimEnd()}…`;
}

/** Fills a text up to a number of columns with blanks: after it, or before it. */
export function pad(
  text: string,
  columns: number,
  side: "start" | "end" = "end",
): string {
  const blanks = " ".repeat(Math.max(0, columns - widthOf(text)));
  return side === "end" ? text + blanks : blanks + text;
}
