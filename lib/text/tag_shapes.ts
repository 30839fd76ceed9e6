/**
 * Shapes of what may stay after `<`: elements of HTML, components of JSX, type parameters,
 * comparisons, heredocs, included files, addresses, and names that programs print.
 *
 * Each looks at a bounded part of the text, or at one run of blanks.
 *
 * @module
 */

import { sortOf } from "./tag_names.ts";

/** Longest word, and longest name, that is looked at, in UTF-16 units. */
const MAX_WORD_LENGTH = 64;
const MAX_NAME_LENGTH = 255;

/** A component or a value with its module: `Foo.Bar`, `motion.div`, `arr.length`, `stdio.h`. */
const DOTTED = /[A-Za-z]\w{0,63}(?:\.[A-Za-z_]\w{0,63}){1,8}(?![\w.-]|:\w)/y;

/** `std::string`, `T::Item`. */
const SCOPED = /[A-Za-z]\w{0,63}(?:::[A-Za-z_]\w{0,63}){1,8}/y;

/** A name with `-`, `_`, `.` or `->` in a comparison. */
const OPERAND = /[A-Za-z]\w{0,63}(?:(?:\.|::|->|-)\w{1,64}){0,8}/y;

/** Signs that can follow the right side of a comparison, but not the name of a tag. */
const AFTER_OPERAND =
  /[;,)\]}&|+*%^!?(["'`[]|[=<]=|\.(?=\s|$)|:(?=\s|$)|->\w|\/(?:[\d(]|\s(?!\s*>))|[^\S\n]+(?:[-&|?:+*%=!)\]};,{]|(?:and|as|do|or|then|AND|DO|OR|THEN)(?=\s))|[^\S\n]*\n(?!\s*[\w:-]{1,64}=["'{]|[^<>]{0,200}(?:[\w"'}/]>(?!=)|\s>(?![ =])))/y;

/** Signs that can directly follow only a word that is not a tag's name. */
const OPERATOR = /[;,)\]}&|+*%^!?(#"'`]/y;

/** The type that another one begins in: `is_same<` in `enable_if<is_same<T, U>>`. */
const OUTER_TYPE = /<[A-Za-z_]/y;

/** A file that a shell reads: `</dev/null`. */
const FILE = /\/[\w.+-]{1,64}(?:\/[\w.+-]{1,64}){1,16}(?![\w/>])/y;

/** The word that ends a heredoc; in small letters it could be a tag's name. */
const HEREDOC =
  /[A-Z_][A-Z0-9_]{0,63}(?=\s|$)|[A-Za-z_]\w{0,63}(?=[;|)&<]|\s(?!\s*(?:\/?>|[\w:-]{1,64}=["'{]))|$)/y;

const URL_START =
  /(?:https?|ftps?|sftp|ssh|git|file|wss?):\/\/|(?:mailto|tel):/iy;

/** Rest of a mail address, or of a repository's address, after its first part. */
const HOST = /@[\w.-]{1,253}(?::[\w./~-]{1,255})?>/y;

/** A file of C, by its extension. */
const HEADER = /[\w+-]{1,64}(?:[/.][\w+-]{1,64}){0,8}\.h(?:h|pp|xx)?>/y;

/** One that a line includes may have none. */
const INCLUDED = /\w{1,64}(?:\/\w{1,64}){0,8}(?:\.\w{1,8})?>/y;
const INCLUDE = /#[^\S\n]{0,8}(?:include|import|include_next)[^\S\n]{0,8}$/;

/** Values that Python prints. */
const PRINTED =
  /(?:built-in (?:function|method)|bound method) \w|frozen [a-z]|(?:async_generator|coroutine|function|generator) (?:object )?(?:[\w.]|<\w{1,12}>){1,100} at 0x[0-9a-f]{4}|(?:cell|weakref) at 0x[0-9a-f]{4}|ref \*\d|module '[\w.]{1,100}'/y;

/** Whether a name may stay; it begins at `start`, after the `<` at `at` and maybe a `/`. */
export function isAllowedName(
  text: string,
  at: number,
  start: number,
): boolean {
  let end = start + 1;
  while (isWord(text.charCodeAt(end))) end++;
  if (end - start > MAX_WORD_LENGTH) return false;
  return continues(text, end)
    ? isAllowedLong(text, at, start, end)
    : isAllowedWord(text, at, start, end);
}

/** Whether the name of a tag would go on after a word. */
function continues(text: string, end: number): boolean {
  const code = text.charCodeAt(end);
  if (code > 0x7f) return isPartOfName(text.slice(end, end + 2));
  if (code === UNDERSCORE || code === AT) return true;
  const next = text.charCodeAt(end + 1);
  if (code === COLON) return next > 0x20;
  if (code === HYPHEN) {
    return isWord(next) || next === HYPHEN || next === UNDERSCORE;
  }
  if (code === DOT) return isWord(next) || next === UNDERSCORE;
  return code === PLUS && matches(/[\w.%+'-]{1,64}@/y, text, end);
}

/** Whether a text begins with what a name goes on with; symbols can read as letters. */
export function isPartOfName(text: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd}\p{So}]/u.test(text) || isFontsOwn(text);
}

/** Whether a text begins with a character that shows as each font likes, as nothing too. */
export function isFontsOwn(text: string): boolean {
  return /^[\p{Co}\p{Cn}]/u.test(text);
}

const PLUS = 0x2b;
const HYPHEN = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;
const AT = 0x40;
const UNDERSCORE = 0x5f;

/** A name of letters and digits. */
function isAllowedWord(
  text: string,
  at: number,
  start: number,
  end: number,
): boolean {
  const word = text.slice(start, end);
  const isCapital = text.charCodeAt(start) <= 0x5a;
  const sort = sortOf(/[A-Z]/.test(word) ? word.toLowerCase() : word);
  if (sort === "element") return true;
  const isClosing = start > at + 1;
  const isAfter = isAfterIdentifier(text, at);
  if (sort === "posing") {
    return isAfter && !isClosing && isType(word) ||
      matches(PRINTED, text, start);
  }
  if (isCapital || sort === "type") return true;
  if (isClosing) {
    return sort === "documentation" && isDocumentation(text, at) ||
      isFile(text, start, end);
  }
  if (isFile(text, start, end) || isIncluded(text, at)) return true;
  if (sort === "documentation") return isDocumentation(text, at);
  if (isNamedGroup(text, at) || matches(PRINTED, text, start)) return true;
  if (isHeredoc(text, at)) return true;
  if (isAfter) {
    const [first] = /^[a-z0-9]+/.exec(word)!;
    return first !== word && sortOf(first) !== "posing" ||
      matches(AFTER_OPERAND, text, end) || matches(OUTER_TYPE, text, end);
  }
  if (text.charCodeAt(end) === GREATER && sort === "nameless") return true;
  return matches(OPERATOR, text, end);
}

/** A name with `-`, `_`, `:`, `.` or `@`, or with further letters. */
function isAllowedLong(
  text: string,
  at: number,
  start: number,
  word: number,
): boolean {
  let end = word;
  let hasDot = false;
  for (let code; isOfName(code = text.charCodeAt(end)); end++) {
    hasDot ||= code === DOT;
  }
  if (end - start > MAX_NAME_LENGTH) return false;
  const next = text.charCodeAt(end);
  if (next === AT) return matches(HOST, text, end);
  if (next === COLON && matches(URL_START, text, start)) return true;
  const isAfter = isAfterIdentifier(text, at);
  if (hasDot || next === COLON) {
    if (isAllowedPath(text, start, isAfter)) return true;
  }
  if (isFile(text, start, end)) return true;
  if (start > at + 1) return false;
  if (isIncluded(text, at)) return true;
  if (text.charCodeAt(word) === UNDERSCORE) {
    const name = text.slice(start, end);
    if (isAfter && isTypeName(name) || sortOf(name) === "type") return true;
  }
  if (isAfter && matches(OPERAND, text, start)) {
    const { lastIndex } = OPERAND;
    return matches(AFTER_OPERAND, text, lastIndex) ||
      matches(OUTER_TYPE, text, lastIndex) || isNamedGroup(text, at);
  }
  return isHeredoc(text, at) || isNamedGroup(text, at) ||
    matches(PRINTED, text, start);
}

/** Parts joined by `::` or `.`, none of which poses. */
function isAllowedPath(
  text: string,
  start: number,
  isAfter: boolean,
): boolean {
  const pattern = matches(SCOPED, text, start) ? SCOPED : DOTTED;
  if (!matches(pattern, text, start)) return false;
  const parts = text.slice(start, pattern.lastIndex).split(/[.:]+/);
  return parts.every((part) =>
    sortOf(part.toLowerCase()) !== "posing" || isAfter && isType(part)
  );
}

/** Whether a name with `_` is written as a type is: `Some_Type`, `value_type`, `my_t`. */
function isTypeName(name: string): boolean {
  return /^[a-z0-9_]+_t(?:ype)?$/.test(name) ||
    /^[A-Z]\w*$/.test(name) &&
      name.toLowerCase().split("_").every((part) => sortOf(part) !== "posing");
}

/** Whether a word is written as a type is, such as `User` in `Array<User>`. */
function isType(word: string): boolean {
  return /^[A-Z][a-z]/.test(word);
}

function isHeredoc(text: string, at: number): boolean {
  return text.charCodeAt(at - 1) === LESS && matches(HEREDOC, text, at + 1);
}

/** A group of a regular expression, `(?<name>`, `(?P<name>`, or `\k<name>`. */
function isNamedGroup(text: string, at: number): boolean {
  return "?Pk".includes(text.charAt(at - 1)) && at > 1 &&
    /(?:\(\?P?|\\k)$/.test(text.slice(Math.max(0, at - 3), at)) &&
    matches(/[A-Za-z_]\w{0,31}>/y, text, at + 1);
}

/** On a line of documentation of C# or TypeScript, `///`. */
function isDocumentation(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 200), at);
  return before.includes("///", before.lastIndexOf("\n") + 1);
}

/** A path whose first part is between two positions: of a header, or that a shell reads. */
function isFile(text: string, start: number, end: number): boolean {
  if (text.charCodeAt(end) !== SLASH) return false;
  return matches(HEADER, text, start) || matches(FILE, text, start - 1);
}

/** A file that a line of C includes. */
function isIncluded(text: string, at: number): boolean {
  return " \tet".includes(text.charAt(at - 1)) &&
    INCLUDE.test(text.slice(Math.max(0, at - 32), at)) &&
    (matches(INCLUDED, text, at + 1) || matches(HEADER, text, at + 1));
}

/** Whether `<!` at `at` may stay: a type of document, or no declaration at all. */
export function isAllowedDeclaration(text: string, at: number): boolean {
  if (matches(/doctype\s|(?!--|[A-Za-z[])/iy, text, at + 2)) return true;
  if (text.startsWith("--", at + 2)) return false;
  // A group of a regular expression that looks behind, or an operand.
  return text.startsWith("(?", at - 2) ||
    isAfterIdentifier(text, at) && (matches(SCOPED, text, at + 2) ||
        matches(OPERAND, text, at + 2) &&
          matches(AFTER_OPERAND, text, OPERAND.lastIndex));
}

/** Whether `<?` at `at` may stay: of XML or PHP, or any type in Java. */
export function isAllowedInstruction(text: string, at: number): boolean {
  return matches(/xml\s|php(?=\s|$)|=/iy, text, at + 2) ||
    isAfterIdentifier(text, at) &&
      matches(/ ?[,>]| (?:extends|super) /y, text, at + 2);
}

function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at;
  return pattern.test(text);
}

/** Whether the character before `at` can end an identifier, a call or an element of a list. */
function isAfterIdentifier(text: string, at: number): boolean {
  const code = text.charCodeAt(at - 1);
  return isWord(code) || code === UNDERSCORE || code === 0x24 ||
    code === 0x29 || code === 0x5d;
}

/** Sorts of plain characters: letters, digits, and others in names of files, hosts or people. */
const KINDS = new Uint8Array(128);
const LETTERS = 1;
const DIGITS = 2;
const OTHERS = 4;
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  if (/[A-Za-z]/.test(character)) KINDS[code] = LETTERS;
  else if (/[0-9]/.test(character)) KINDS[code] = DIGITS;
  else if (/[-_.+%']/.test(character)) KINDS[code] = OTHERS;
}

function isOf(code: number, kinds: number): boolean {
  // At the end of a text, the code is NaN.
  return code < 128 && (KINDS[code]! & kinds) !== 0;
}

/** Whether a character is a plain Latin letter. */
export function isLetter(code: number): boolean {
  return isOf(code, LETTERS);
}

function isWord(code: number): boolean {
  return isOf(code, LETTERS | DIGITS);
}

function isOfName(code: number): boolean {
  return isOf(code, LETTERS | DIGITS | OTHERS);
}
