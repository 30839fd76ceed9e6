/**
 * Tags in received text: those that could pose as a message of the client are defused, by a
 * blank after `<`.
 *
 * A `<` before a name, `!` or `?` is defused, unless it begins something else that people
 * write (`tag_shapes.ts`). So it does not matter which tags a client knows. Rules:
 * docs/protocol.md, section 13.
 *
 * @module
 */

import { Pieces } from "./pieces.ts";
import { skeleton } from "./skeleton.ts";
import { sortOf } from "./tag_names.ts";
import {
  isAllowedDeclaration,
  isAllowedInstruction,
  isAllowedName,
  isFontsOwn,
  isLetter,
  isPartOfName,
} from "./tag_shapes.ts";

/** Characters that look like `<`. */
const OTHERS =
  "\u02c2\u1438\u16b2\u2039\u226e\u2329\u276c\u276e\u2770\u27e8\u3008\ufe64\uff1c\u{1d236}";
const OTHER = new RegExp(`[${OTHERS}]`, "u");
const ANY = new RegExp(`[<${OTHERS}]`, "gu");

/** Those of them that people use as quotation marks and brackets. */
const QUOTES = "\u2039\u2329\u27e8\u3008";

/** Longest name that is looked at, in UTF-16 units. */
const MAX_NAME_LENGTH = 64;

/** Defuses tags in a text without unseen characters, and counts them. */
export function defuseTags(text: string): { text: string; count: number } {
  const next = OTHER.test(text) ? nextOfAny : nextPlain;
  const pieces = new Pieces(" ");
  let start = 0;
  let count = 0;
  for (let at = next(text, 0); at >= 0; at = next(text, at + 1)) {
    if (!isPosing(text, at) && !isCutOff(text, at)) continue;
    pieces.add(text.slice(start, at + 1));
    start = at + 1;
    count++;
  }
  return { text: count === 0 ? text : pieces.end(text.slice(start)), count };
}

function nextPlain(text: string, from: number): number {
  return text.indexOf("<", from);
}

function nextOfAny(text: string, from: number): number {
  ANY.lastIndex = from;
  return ANY.test(text) ? ANY.lastIndex - 1 : -1;
}

/**
 * Whether the text ends in what begins at `at`: a model may read the next text as what follows,
 * such as the next block of a message.
 */
function isCutOff(text: string, at: number): boolean {
  return at >= text.length - MAX_NAME_LENGTH - 2 &&
    /^(?:!-|[/!?]?(?:[A-Za-z][\w.:-]*)?)$/.test(text.slice(at + 1));
}

/** Whether a tag that could pose begins at `at`, where `<` or a character like it is. */
function isPosing(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== 0x3c) return isPosingAfterOther(text, at);
  const code = text.charCodeAt(at + 1);
  if (isLetter(code)) return !isAllowedName(text, at, at + 1);
  if (code > 0x7f) return isDisguised(text, at + 1);
  if (code === 0x2f) {
    return isLetter(text.charCodeAt(at + 2))
      ? !isAllowedName(text, at, at + 2)
      : isDisguised(text, at + 2);
  }
  if (code === 0x21) {
    return isDisguised(text, at + 2) || !isAllowedDeclaration(text, at);
  }
  return code === 0x3f && !isAllowedInstruction(text, at);
}

/** Whether a name begins at `at` that reads as a Latin one without being written so. */
function isDisguised(text: string, at: number): boolean {
  return text.charCodeAt(at) > 0x7f && readName(text, at) !== "";
}

/** After a character that only looks like `<`: those around a word are common. */
function isPosingAfterOther(text: string, at: number): boolean {
  const name = readName(text, at + 1);
  if (name === "") return false;
  const [first] = /^[a-z0-9]+/.exec(name)!;
  return sortOf(first) === "posing" ||
    /^[-_:][a-z]/.test(name.slice(first.length)) &&
      !QUOTES.includes(text.charAt(at));
}

/**
 * The skeleton of a name, without a slash before it.
 *
 * @returns An empty text if the name does not begin as a Latin one, or is wholly foreign.
 */
function readName(text: string, start: number): string {
  let name = "";
  let hasLatin = false;
  let isLatin = true;
  const end = Math.min(text.length, start + MAX_NAME_LENGTH);
  for (let at = start; at < end;) {
    const code = text.codePointAt(at)!;
    const part = partOfName(code);
    if (part === null) break;
    at += code > 0xffff ? 2 : 1;
    if (name === "" && part.text === "/") continue;
    if (name === "" && part.text !== "" && !part.isLetter) return "";
    name += part.text;
    hasLatin ||= isLetter(code);
    isLatin &&= part.isLatin;
  }
  return hasLatin || isLatin ? name : "";
}

/** Share of one character in a name. */
interface Part {
  /** Its skeleton. */
  text: string;
  /** Whether the skeleton begins with a Latin letter, and whether it is Latin as a whole. */
  isLetter: boolean;
  isLatin: boolean;
}

/** Parts by code point; `null` for characters that no name has. */
const parts = new Map<number, Part | null>();

function partOfName(code: number): Part | null {
  let part = parts.get(code);
  if (part === undefined) {
    part = makePart(code);
    parts.set(code, part);
  }
  return part;
}

function makePart(code: number): Part | null {
  const character = String.fromCodePoint(code);
  const text = isFontsOwn(character) ? "" : skeleton(character);
  if (!isPartOfName(character) && !/^[.:/]$/.test(text)) return null;
  return {
    text,
    isLetter: /^[a-z]/.test(text),
    isLatin: /^[a-z0-9_.:/-]*$/.test(text),
  };
}
