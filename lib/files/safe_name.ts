/**
 * Names of files from another machine: the one place that decides which are allowed here.
 *
 * A name is a relative path with `/` between its parts. It must mean the same file on every
 * system, stay inside its folder, and look like what it is. This file does not look at the
 * disk; `obstacles.ts` does.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";

/** Longest part of a name, in bytes of UTF-8: the limit of common file systems. */
export const MAX_PART_BYTES = 255;

/** Longest name, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 1024;

/** Most parts of a name. */
export const MAX_PARTS = 8;

/** More files than there are beside each other, for the length of a suffix. */
const MAX_SIBLINGS = 99_999;

/** Longest stem kept of a name that is too long for a suffix, in UTF-16 units. */
const MAX_STEM_LENGTH = 60;

/** Names of devices on Windows, with anything after the first dot. */
const DEVICES = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])$/i;

/** Characters that Windows does not allow in names. */
const FORBIDDEN = /[<>:"|?*]/;

/**
 * Control, format, private and unassigned characters, surrogates, separators, and what shows as
 * a blank or as nothing: invisible, or not what they seem.
 */
const UNSEEN =
  /[\p{C}\p{Zl}\p{Zp}\p{DI}\u2800\u{13441}\u{13442}\u{16fe4}\u{1d159}]/u;

/** Characters by which a name in a message could begin a tag. */
const ANGLES =
  "<\u02c2\u1438\u16b2\u2039\u226e\u2329\u276c\u276e\u2770\u27e8\u3008\ufe64\uff1c\u{1d236}";

/**
 * The problem of a name, as the end of a sentence that begins with the name.
 *
 * @returns `null` when the name is allowed.
 */
export function problemOfName(name: string): string | null {
  if (name === "") return "is empty";
  if (!name.isWellFormed()) return "is not well-formed Unicode";
  if (/[\p{Cc}]/u.test(name)) return "contains control characters";
  if (UNSEEN.test(name)) return "contains invisible characters";
  if (name.includes("\\")) return "contains a backslash";
  if (/^[a-z]:/i.test(name)) return "begins with a drive letter";
  if (name.startsWith("/")) return "is an absolute path";
  if (byteLength(name) > MAX_NAME_BYTES) {
    return `is longer than ${MAX_NAME_BYTES} bytes`;
  }
  const parts = name.split("/");
  if (parts.length > MAX_PARTS) {
    return `is more than ${MAX_PARTS} folders deep`;
  }
  for (const part of parts) {
    const problem = problemOfPart(part);
    if (problem !== null) return problem;
  }
  return null;
}

function problemOfPart(part: string): string | null {
  if (part === "") return "has an empty part";
  if (part === "..") return "leads out of its folder";
  if (part.startsWith(".")) return "has a part that begins with a dot";
  if (/[. ]$/.test(part)) return "has a part that ends with a dot or a space";
  if (/^ /.test(part)) return "has a part that begins with a space";
  if (FORBIDDEN.test(part)) return `contains one of < > : " | ? *`;
  if (DEVICES.test(part.split(".")[0]!.trimEnd())) {
    return "is a device name on Windows";
  }
  if (byteLength(part) > MAX_PART_BYTES) {
    return `has a part longer than ${MAX_PART_BYTES} bytes`;
  }
  return null;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/**
 * A name for another file next to this one: `a-word.md` for `a.md`, then `a-word-2.md` and
 * so on. Long names that begin the same have the same ones.
 *
 * @param name An allowed name; it ends in an extension.
 * @param count From 1 on.
 */
export function siblingName(name: string, word: string, count: number): string {
  const [, stem, extension] = /^(.*)(\.[^.]*)$/s.exec(name)!;
  const suffix = `-${word}${count === 1 ? "" : `-${count}`}${extension}`;
  // Whatever the count, so that either all names beside this one are cut, or none is.
  const longest = `${stem}-${word}-${MAX_SIBLINGS}${extension}`;
  if (problemOfName(longest) === null) return `${stem}${suffix}`;
  const folder = name.slice(0, name.lastIndexOf("/") + 1);
  const start = stem!.slice(folder.length, folder.length + MAX_STEM_LENGTH);
  return `${folder}${
    start.toWellFormed().replace(/[\ufffd. ]+$/, "")
  }${suffix}`;
}

/**
 * Key that is equal for names that are one file on some systems: those that ignore case, or
 * the encoding of accents.
 */
export function nameKey(name: string): string {
  // Upper case unites ß and ss, and lower case before it turns ẞ into ß.
  return name.normalize("NFC").toLowerCase().toUpperCase().toLowerCase()
    .normalize("NFC");
}

/**
 * Checks names from another machine, all or none.
 *
 * @throws {SpreadError} `NAME_REFUSED` at the first name that is not allowed, or that
 *   collides with another.
 */
export function requireSafeNames(names: Iterable<string>): void {
  const taken = new TakenNames();
  for (const name of names) {
    const problem = problemOfName(name);
    if (problem !== null) throw refused(name, problem);
    const twin = taken.take(name);
    if (twin !== null) throw collides(name, twin);
  }
}

/** Names of files so far, to find those that cannot be beside each other on some systems. */
export class TakenNames {
  readonly #files = new Map<string, string>();
  readonly #folders = new Map<string, string>();

  /** Takes a name; returns the earlier one that it collides with, and takes nothing then. */
  take(name: string): string | null {
    const key = nameKey(name);
    const folders = foldersOf(key);
    const twin = this.#files.get(key) ?? this.#folders.get(key) ??
      folders.map((folder) => this.#files.get(folder)).find(Boolean);
    if (twin !== undefined) return twin;
    for (const folder of folders) this.#folders.set(folder, name);
    this.#files.set(key, name);
    return null;
  }
}

/** The folders of a name, outermost first: `a`, `a/b` for `a/b/c`. */
export function foldersOf(name: string): string[] {
  const parts = name.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

function refused(name: string, problem: string): SpreadError {
  return new SpreadError(
    "NAME_REFUSED",
    `Cannot use the file name ${shown(name)}: it ${problem}`,
    "Ask the sender to rename it; nothing was written",
  );
}

function collides(name: string, other: string): SpreadError {
  return new SpreadError(
    "NAME_REFUSED",
    `Cannot use both ${shown(other)} and ${
      shown(name)
    }: on some systems they name the same file`,
    "Ask the sender to rename one; nothing was written",
  );
}

/** An untrusted name in a visible form: escaped, and not too long. */
function shown(name: string): string {
  const start = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return JSON.stringify(start.toWellFormed()).replace(
    new RegExp(`${UNSEEN.source}|[${ANGLES}]`, "gu"),
    (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}
