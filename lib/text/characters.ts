/**
 * Removal of characters that act without being seen: they steer a terminal, turn or hide
 * text, or carry text that a model reads and a person does not.
 *
 * One pass over the text. Whether a character stays depends on the last one that stayed and on
 * the next one, so that a second pass finds nothing. Rules: docs/protocol.md, section 13.
 *
 * @module
 */

import { afterEscape } from "./escapes.ts";
import { Pieces } from "./pieces.ts";

/** Numbers of characters or sequences removed, by sort. */
export interface RemovedCharacters {
  escapes: number;
  controls: number;
  bidi: number;
  invisible: number;
}

/** Classes of characters; 0 is for most, and those from `ESCAPE` on are looked at. */
const EMOJI = 1;
const ESCAPE = 2;
const CONTROL = 3;
const BIDI = 4;
const INVISIBLE = 5;
const BLANK = 6;
const SELECTOR = 7;
const JOINER = 8;
const FLAG = 9;
const SURROGATE = 10;

/** The members of each class; a later line wins. */
const CLASSES: [number, RegExp][] = [
  [EMOJI, /[\p{Extended_Pictographic}\p{Emoji_Modifier}]/gu],
  // Signs of Arabic, Syriac and Kaithi are visible although Unicode calls them format characters.
  // U+16FE4 fills a place in Khitan, U+1D159 is a note without a head; both show as nothing.
  [
    INVISIBLE,
    /(?![\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{Cf}\p{DI}\p{Zl}\p{Zp}\u{16fe4}\u{1d159}]/gu,
  ],
  // Patterns without dots, and blanks among hieroglyphs.
  [BLANK, /[\u2800\u{13441}\u{13442}]/gu],
  [BIDI, /\p{Bidi_C}/gu],
  [SELECTOR, /[\ufe0e\ufe0f]/gu],
  [JOINER, /[\u200b-\u200d]/gu],
  [FLAG, /\u{1f3f4}/gu],
  [CONTROL, /(?![\t\n])\p{Cc}/gu],
  // deno-lint-ignore no-control-regex -- the pattern is about these characters
  [ESCAPE, /[\x1b\x90\x98\x9b\x9d-\x9f]/gu],
];

/** Classes of the code points of each plane, made when the first of them is met. */
const planes: Uint8Array[] = [];

function planeOf(number: number): Uint8Array {
  return planes[number] ??= makePlane(number << 16);
}

function makePlane(first: number): Uint8Array {
  const plane = new Uint8Array(0x10000);
  const codes = Array.from(plane, (_, i) => first + i);
  let all = "";
  for (let i = 0; i < codes.length; i += 4096) {
    all += String.fromCodePoint(...codes.slice(i, i + 4096));
  }
  for (const [members, pattern] of CLASSES) {
    for (const [character] of all.matchAll(pattern)) {
      plane[character.codePointAt(0)! - first] = members;
    }
  }
  if (first === 0) plane.fill(SURROGATE, 0xd800, 0xdc00);
  return plane;
}

function classOf(code: number): number {
  return planeOf(code >> 16)[code & 0xffff]!;
}

/** Flags of England, Scotland and Wales: their tag characters are seen as one flag. */
const FLAGS = ["gbeng", "gbsct", "gbwls"].map((region) =>
  Array.from(
    region,
    (letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0)),
  ).join("") +
  "\u{e007f}"
);

/** Letters and marks of scripts in which a joiner changes the letter before it. */
const JOINING =
  /(?=[\p{L}\p{M}])[\p{scx=Arab}\p{scx=Beng}\p{scx=Deva}\p{scx=Gujr}\p{scx=Guru}\p{scx=Khmr}\p{scx=Knda}\p{scx=Mlym}\p{scx=Mong}\p{scx=Mymr}\p{scx=Nkoo}\p{scx=Orya}\p{scx=Sinh}\p{scx=Syrc}\p{scx=Taml}\p{scx=Telu}\p{scx=Tibt}]/u;

/** Letters and marks of scripts without blanks between words, where U+200B ends a line. */
const UNSPACED =
  /(?=[\p{L}\p{M}])[\p{scx=Khmr}\p{scx=Laoo}\p{scx=Mymr}\p{scx=Thai}\p{scx=Tibt}]/u;

const NOT_PLAIN = /[^\t\n\x20-\x7e]/;

/** Removes such characters from `text` and adds their numbers to `removed`. */
export function removeUnseen(text: string, removed: RemovedCharacters): string {
  // Line ends and byte order marks of Windows do not hide anything.
  const lines = text.replaceAll("\r\n", "\n").replace(/^\ufeff/, "");
  return NOT_PLAIN.test(lines) ? new Removal(lines, removed).run() : lines;
}

/** One pass over a text. */
class Removal {
  /** Beginning of the part that stays next. */
  #start = 0;
  readonly #kept = new Pieces("");
  /** The last part that stays. */
  #lastKept = "";

  constructor(
    private readonly text: string,
    private readonly removed: RemovedCharacters,
  ) {}

  run(): string {
    const { text } = this;
    const { length } = text;
    const classes = planeOf(0);
    for (let at = 0; at < length;) {
      const members = classes[text.charCodeAt(at)]!;
      if (members < ESCAPE) at++;
      else if (members === SURROGATE) at = this.#passPair(at);
      else at = this.#look(members, at, 1);
    }
    if (this.#start === 0) return text;
    return this.#kept.end(text.slice(this.#start));
  }

  /** Passes a character of two units, or half of one; returns its end, as all below do. */
  #passPair(at: number): number {
    const code = this.text.codePointAt(at)!;
    if (code <= 0xffff) return at + 1;
    const members = classOf(code);
    return members < ESCAPE ? at + 2 : this.#look(members, at, 2);
  }

  #look(members: number, at: number, length: number): number {
    const { text, removed } = this;
    if (members === FLAG) {
      const tags = FLAGS.find((tags) => text.startsWith(tags, at + length));
      return at + length + (tags?.length ?? 0);
    }
    if (this.#stays(members, at)) return at + length;
    if (members === ESCAPE) {
      removed.escapes++;
      return this.#drop(at, afterEscape(text, at));
    }
    if (members === CONTROL) removed.controls++;
    else if (members === BIDI) removed.bidi++;
    else removed.invisible++;
    const end = this.#drop(at, at + length);
    if (members === BLANK) this.#keep(" ");
    return end;
  }

  #stays(members: number, at: number): boolean {
    if (members === SELECTOR) return this.#isSelecting(at);
    return members === JOINER && this.#isJoining(at);
  }

  /** Whether the selector at `at` says how an emoji, or a key with a digit, looks. */
  #isSelecting(at: number): boolean {
    const last = this.#last(at);
    if (isEmoji(last)) return true;
    const isOnKey = last >= 0x30 && last <= 0x39 || last === 0x23 ||
      last === 0x2a;
    return isOnKey && this.text.charCodeAt(at + 1) === 0x20e3;
  }

  /** Whether the joiner at `at` joins emoji, or shapes the letter before it. */
  #isJoining(at: number): boolean {
    const { text } = this;
    const code = text.charCodeAt(at);
    const last = this.#last(at);
    if (last < 0x300) return false;
    if (code === 0x200d && (isEmoji(last) || classOf(last) === SELECTOR)) {
      return isEmoji(text.codePointAt(at + 1) ?? 0);
    }
    return (code === 0x200b ? UNSPACED : JOINING)
      .test(String.fromCodePoint(last));
  }

  /** The last character before `at` that has stayed, or 0. */
  #last(at: number): number {
    return at > this.#start
      ? lastOf(this.text, at)
      : lastOf(this.#lastKept, this.#lastKept.length);
  }

  #drop(at: number, end: number): number {
    if (at > this.#start) this.#keep(this.text.slice(this.#start, at));
    this.#start = end;
    return end;
  }

  #keep(part: string): void {
    this.#lastKept = part;
    this.#kept.add(part);
  }
}

function isEmoji(code: number): boolean {
  const members = classOf(code);
  return members === EMOJI || members === FLAG;
}

/** The character before `end`, or 0; half of one that is alone. */
function lastOf(text: string, end: number): number {
  if (end === 0) return 0;
  const pair = end > 1 ? text.codePointAt(end - 2)! : 0;
  return pair > 0xffff ? pair : text.charCodeAt(end - 1);
}
