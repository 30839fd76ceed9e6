/**
 * The one form in which a secret is shown.
 *
 * @module
 */

/** Characters of a value that may be shown at each end, by its length; never half of it. */
const SHOWN: [minLength: number, characters: number][] = [[20, 4], [12, 2]];

/**
 * Returns a value as people may see it: `ghp_…9f2a`. Short values show nothing of themselves,
 * private keys the line that names them.
 */
export function mask(value: string): string {
  const header = /^-----BEGIN [A-Z0-9 ]{0,60}-----/.exec(value)?.[0];
  if (header !== undefined) return `${header}…`;
  const [, count] = SHOWN.find(([length]) => value.length >= length) ?? [0, 0];
  if (count === 0) return "…";
  return `${plain(value.slice(0, count))}…${plain(value.slice(-count))}`;
}

/** Characters that could do something to a terminal become dots. */
function plain(text: string): string {
  return text.replace(/[^!-~]/g, "·");
}
