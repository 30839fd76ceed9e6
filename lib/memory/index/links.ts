/**
 * Links in the texts of a memory to its files.
 *
 * @module
 */

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

/** @param target The text between the parentheses of a link. */
function nameOfTarget(target: string): string | null {
  const path = target.replace(/^<(.*)>$/, "$1").replace(/[#?].*$/, "");
  if (!/\.md$/i.test(path) || /^[a-z][a-z0-9+.-]*:/i.test(path)) return null;
  try {
    return decodeURIComponent(path).replace(/^\.\//, "");
  } catch {
    return path;
  }
}

/** Changes the links to renamed files. */
export function renameLinks(
  text: string,
  renamed: Map<string, string>,
): string {
  return text.replace(LINK, (whole, label, target) => {
    const name = nameOfTarget(target);
    const to = name === null ? undefined : renamed.get(name);
    return to === undefined ? whole : label + targetOf(to);
  });
}

/** The text between the parentheses of a link to a file. */
export function targetOf(name: string): string {
  const path = name.replace(/[%#]/g, encodeURIComponent);
  return /[\s()]/.test(path) ? `<${path}>` : path;
}
