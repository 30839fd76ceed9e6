/**
 * Terminal escape sequences (ECMA-48): where one ends.
 *
 * @module
 */

/** Longest string, such as a title, that is taken out with its sequence, in UTF-16 units. */
const MAX_STRING_LENGTH = 4096;

const ESC = 0x1b;
const BEL = 0x07;
/** ST, the end of a string, in its 8-bit form. */
const END = 0x9c;

/** Final characters of sequences that begin a string: DCS, SOS, OSC, PM and APC. */
const STRINGS = "PX]^_";

/**
 * The end of the sequence that begins at `at`: strings with what they hold, CSI, and the short
 * ones. A string without an end goes no further than its line.
 *
 * @param at Position of ESC, or of an 8-bit introducer.
 */
export function afterEscape(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === 0x9b) return afterControl(text, at + 1);
  if (first !== ESC) return afterString(text, at + 1);
  const second = text.charAt(at + 1);
  if (second === "[") return afterControl(text, at + 2);
  if (second !== "" && STRINGS.includes(second)) {
    return afterString(text, at + 2);
  }
  return afterFinal(text, skip(text, at + 1, 0x20, 0x2f), 0x30);
}

/** Parameters, intermediate characters and a final one. */
function afterControl(text: string, at: number): number {
  const parameters = skip(text, at, 0x30, 0x3f);
  return afterFinal(text, skip(text, parameters, 0x20, 0x2f), 0x40);
}

function afterFinal(text: string, at: number, least: number): number {
  const code = text.charCodeAt(at);
  return code >= least && code <= 0x7e ? at + 1 : at;
}

function afterString(text: string, start: number): number {
  const limit = Math.min(text.length, start + MAX_STRING_LENGTH);
  let at = start;
  for (; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === BEL || code === ESC || code === END || code === 0x0a) break;
  }
  const code = text.charCodeAt(at);
  if (code === BEL || code === END) return at + 1;
  return text.startsWith("\x1b\\", at) ? at + 2 : at;
}

/** Passes characters from `least` to `most`. */
function skip(text: string, at: number, least: number, most: number): number {
  for (;; at++) {
    const code = text.charCodeAt(at);
    // At the end of the text it is NaN, which is neither.
    if (!(code >= least && code <= most)) return at;
  }
}
