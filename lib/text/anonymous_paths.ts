/**
 * Paths without the name of the user whose machine they lead through.
 *
 * Names of persons elsewhere in a text stay.
 *
 * @module
 */

/** A path separator: plain, escaped as JSON inside texts escapes it, or as addresses write it. */
const SEPARATOR = String.raw`(?:[\\/]{1,8}|%2F|%5C)`;

/** Folders that hold a folder for each user. */
const PARENTS = ["home", "Users", "media"];

/** Stands for the user's name. */
const ANYONE = "user";

/** Returns a text with `user` in place of a user's name in its paths. */
export type Anonymizer = (text: string) => string;

/**
 * Makes a function that puts `user` in place of the user's name in paths: `/home/NAME`,
 * `/Users/NAME`, `C:\Users\NAME`, and `-home-NAME-`, as Claude Code names folders of projects.
 *
 * @param home The user's home folder.
 * @param names Other names of the user, such as the one that they log in with.
 */
export function anonymousPaths(
  home: string,
  names: readonly (string | undefined)[],
): Anonymizer {
  const [own, parent] = home.split(/[\\/]/).filter(Boolean).reverse();
  const all = [...new Set([own, ...names])].filter((name) =>
    name !== undefined && name !== "" && name !== ANYONE
  ) as string[];
  if (all.length === 0) return (text) => text;
  const parents = anyOf(parent === undefined ? PARENTS : [...PARENTS, parent]);
  const plain = `(?:(?<=%2F|%5C)|(?<![\\p{L}\\p{N}]))(${parents}${SEPARATOR})` +
    `${anyOf(all)}(?![\\p{L}\\p{N}_-]|\\.[\\p{L}\\p{N}_])`;
  const encoded = `(?<![A-Za-z0-9])(${parents}-)` +
    `${anyOf(all.map(encodedName))}(?![A-Za-z0-9])`;
  const patterns = [plain, encoded].map((one) => new RegExp(one, "giu"));
  return (text) =>
    patterns.reduce((now, one) => now.replace(one, `$1${ANYONE}`), text);
}

/** A name as it stands in the name of a project's folder. */
function encodedName(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, "-");
}

/** An expression for any of these texts, the longest first. */
function anyOf(texts: string[]): string {
  const sorted = [...new Set(texts)].sort((a, b) => b.length - a.length);
  return `(?:${sorted.map((text) => RegExp.escape(text)).join("|")})`;
}
