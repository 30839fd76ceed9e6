/**
 * Rules for files of work: names that can be used on every machine, and links that stay inside.
 * The sender keeps to them, and the receiver checks them.
 *
 * @module
 */

import { nameKey } from "../files/safe_name.ts";

/** Longest path from the root of a checkout, in UTF-16 units. */
const MAX_PATH_LENGTH = 1024;

/** Characters that HFS+ ignores in names. */
const IGNORED_BY_HFS = /[\u200b-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** Modes of git. */
export const MODES = {
  link: "120000",
  submodule: "160000",
  /** Of a file that is not there. */
  none: "000000",
} as const;

/**
 * The reason why a file of this name cannot come along, for people; `null` when it can.
 *
 * @param path From the root of the checkout, with `/`.
 */
export function nameFault(path: string): string | null {
  if (path.length > MAX_PATH_LENGTH) return "its name is too long";
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f-\x9f]/.test(path)) {
    return "its name has control characters";
  }
  if (path.includes("\ufffd")) return "its name is not UTF-8";
  if (path.includes("\\")) return "its name has a backslash";
  for (const part of path.split("/")) {
    if (part === "" || part === "." || part === "..") {
      return "its name leads elsewhere";
    }
    if (isGitFolder(part)) return "its name is that of git's own folder";
  }
  return null;
}

/** Whether some system takes a name for `.git`. */
function isGitFolder(part: string): boolean {
  // HFS+ ignores these characters, NTFS blanks and dots at the end, and what follows a colon.
  const plain = part.replace(IGNORED_BY_HFS, "").toLowerCase().replace(
    /:.*$/,
    "",
  ).replace(/[ .]+$/, "");
  return plain === ".git" || /^git~\d+$/.test(plain);
}

/**
 * Whether a symbolic link stays in the checkout, and out of git's own folder.
 *
 * It may lead up only at its beginning, through folders that hold it. After a name, which may be
 * that of another link, `..` would lead up from where that one leads: `a/b/..` leads out of the
 * checkout if `a/b` is a link to its root.
 *
 * @param path The link, from the root of the checkout, with `/`.
 * @param target Its text.
 */
export function staysInside(path: string, target: string): boolean {
  if (/^(?:[/\\]|[a-z]:)/i.test(target)) return false;
  // A system ends the text at NUL.
  if (/\p{Cc}/u.test(target)) return false;
  const parts = target.split(/[/\\]/)
    .filter((part) => part !== "" && part !== ".");
  const down = parts.findIndex((part) => part !== "..");
  const names = down === -1 ? [] : parts.slice(down);
  const up = parts.length - names.length;
  return up < path.split("/").length &&
    !names.some((name) => name === ".." || isGitFolder(name));
}

/** A name as some disks compare it: without capitals, with accents composed. */
export function foldName(path: string): string {
  return nameKey(path.replace(IGNORED_BY_HFS, ""));
}

/** Pairs of files whose names differ only in capitals, or in how accents are composed. */
export function findTwins(paths: Iterable<string>): [string, string][] {
  const seen = new Map<string, string>();
  const twins: [string, string][] = [];
  for (const path of paths) {
    const key = foldName(path);
    const other = seen.get(key);
    if (other === undefined) seen.set(key, path);
    else if (other !== path) twins.push([other, path]);
  }
  return twins;
}
