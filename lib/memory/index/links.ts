/**
 * Links in the texts of a memory to its files.
 *
 * @module
 */

import { MAX_NAME_BYTES } from "../../files/safe_name.ts";

/** A link to a file. Linear time: no two alternatives start alike. */
const LINK = /(?<!!)(\[[^[\]\n]*\]\()(<[^<>\n]*>|[^()\s]+)(?=[\s)])/g;

/** The first file to which a text links, as a name in the memory folder, or `null`. */
export function linkTarget(text: string): string | null {
  return linkTargets(text)[0] ?? null;
}

/** Every file to which a text links. */
export function linkTargets(text: string): string[] {
  return Array.from(
    text.matchAll(LINK),
    ([, , target]) => nameOfTarget(target!),
  )
    .filter((name) => name !== null);
}

/**
 * @param target The text between the parentheses of a link; cleaning puts a blank after `<`.
 */
function nameOfTarget(target: string): string | null {
  const path = target.replace(/^< ?(.*)>$/, "$1").replace(/[#?].*$/, "");
  const isFile = /\.md$/i.test(path) && path.length <= 3 * MAX_NAME_BYTES &&
    !/^[a-z][a-z0-9+.-]*:/i.test(path);
  if (!isFile) return null;
  try {
    return decodeURIComponent(path).replace(/^\.\//, "");
  } catch {
    return path;
  }
}

/** Writes links to files without `<`, which reads as that of a tag; follows renamed files. */
export function plainLinks(
  text: string,
  renamed = new Map<string, string>(),
): string {
  return text.replace(LINK, (whole, label, target) => {
    const name = nameOfTarget(target);
    if (name === null) return whole;
    const to = renamed.get(name) ?? (target.startsWith("<") ? name : undefined);
    return to === undefined ? whole : label + targetOf(to);
  });
}

/** The text between the parentheses of a link to a file. */
export function targetOf(name: string): string {
  return name.replace(
    /[%#\s()]/g,
    (one) =>
      one === "(" ? "%28" : one === ")" ? "%29" : encodeURIComponent(one),
  );
}
