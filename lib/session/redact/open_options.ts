/**
 * The parts of a command line of ours that are not secret: options, their values, addresses.
 *
 * @module
 */

/**
 * Options of our commands, and values that are not secret: a relay, an address, a number, a
 * time, a room code.
 */
export const OPEN_WORD =
  /^(?:-{1,2}[a-z][a-z-]*(?:=\S*)?|-|wss?:\/\/\S+|\d+[mhd]?|\[?[0-9a-z.:%-]+\]?:\d{1,5}|[a-z2-9]{6}(?<=\d[a-z2-9]*))$/i;

/** Patterns of options whose value is not secret, such as a project's folder. */
export interface OpenOptions {
  atFront: RegExp;
  anywhere: RegExp;
  /** On a command line, which has the short options too. */
  onLine: RegExp;
}

/** @param names Names of the options whose value is not secret, short ones too. */
export function patternsOf(names: readonly string[]): OpenOptions {
  const value = String
    .raw`(?:"[^"\n]{0,999}"|'[^'\n]{0,999}'|[^\s"']{1,999})(?!\S)`;
  const long = String
    .raw`--${oneOf(names, (name) => name.length > 1)}(?:=|[ \t]{1,99})${value}`;
  const short = String
    .raw`(?<!\S)-${
    oneOf(names, (name) => name.length === 1)
  }=?[ \t]{0,99}${value}`;
  return {
    atFront: new RegExp(`^${long}`),
    anywhere: new RegExp(long, "g"),
    onLine: new RegExp(`${long}|${short}`, "g"),
  };
}

/** Without a name nothing matches, not even dashes alone. */
function oneOf(names: readonly string[], which: (name: string) => boolean) {
  const found = names.filter(which);
  return found.length === 0 ? "(?!)" : `(?:${found.join("|")})`;
}

/** Returns typed text without the options and values at its front. */
export function withoutOptions(
  typed: string,
  { atFront }: OpenOptions,
): string {
  let rest = typed.trim();
  for (;;) {
    const option = atFront.exec(rest)?.[0];
    const [word = ""] = /^\S*/.exec(rest)!;
    if (option === undefined && !OPEN_WORD.test(word)) return rest;
    rest = rest.slice((option ?? word).length).trimStart();
  }
}
