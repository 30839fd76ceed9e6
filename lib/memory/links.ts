/**
 * Links in the texts of a memory to its files.
 *
 * @module
 */

/** A link to a file. Nothing in it is matched from two beginnings, which a long line would be slow by. */
const LINK = /(?<!!)(\[[^[\]\n]*\]\()(<[^<>\n]*>|[^()\s]+)(?=[\s)])/g;

/** The first file that some text leads to, as a name in the memory folder, or `null`. */
export function linkTarget(text: string): string | null {
  return linkTargets(text)[0] ?? null;
}

/** Every file that some text leads to. */
export function linkTargets(text: string): string[] {
  return Array.from(
    text.matchAll(LINK),
    ([, , target]) => nameOfTarget(target!),
  )
    .filter((name) => name !== null);
}

/** @param target As it stands between the parentheses of a link. */
function nameOfTarget(target: string): string | null {
  const path = target.replace(/^<(.*)>$/, "$1").replace(/[#?].*$/, "");
  if (!/\.md$/i.test(path) || /^[a-z][a-z0-9+.-]*:/i.test(path)) return null;
  try {
    return decodeURIComponent(path).replace(/^\.\//, "");
  } catch {
    return path;
  }
}

/** Lets the links to files that get another name follow them. */
export function renameLinks(
  text: string,
  renamed: Map<string, string>,
): string {
  return text.replace(LINK, (whole, label, target) => {
    const name = nameOfTarget(target);
    const to = name === null ? undefined : renamed.get(name);
    if (to === undefined) return whole;
    return `${label}${/\s/.test(to) ? `<${to}>` : to}`;
  });
}
