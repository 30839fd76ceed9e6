/**
 * Emulates how cmd of Windows reads a command line and a batch file's arguments, as its
 * documentation and that of the C runtime describe it: enough to see what arrives.
 *
 * @module
 */

/** A character, and whether a caret stood before it. */
type Char = [char: string, isEscaped: boolean];

/** The program that cmd starts, and its arguments, as written. */
export interface CommandLine {
  program: string;
  rest: string;
}

/** Reads what follows `cmd /d /v:off /s /c`, with the variables of the person. */
export function readCommandLine(
  line: string,
  env: Record<string, string>,
): CommandLine {
  const chars = readCarets(expand(line.replace(/^"([^]*)"$/, "$1"), env));
  const isEnd = ([char, isEscaped]: Char) =>
    !isEscaped && /[ \t,;=]/.test(char);
  const end = chars.findIndex(isEnd);
  const text = (part: Char[]) => part.map(([char]) => char).join("");
  return {
    program: text(end === -1 ? chars : chars.slice(0, end)),
    rest: end === -1 ? "" : text(chars.slice(end)).trimStart(),
  };
}

/** The arguments that a program gets to which a batch file passes on `%*`. */
export function passedOn(rest: string): string[] {
  // The value of %* is not expanded again, but read for carets and what else means something.
  return splitArguments(readCarets(rest).map(([char]) => char).join(""));
}

/** Replaces variables; on a command line one that is not set stays as written. */
function expand(text: string, env: Record<string, string>): string {
  let expanded = "";
  for (let at = 0; at < text.length;) {
    const [whole, name] = /^%([^%]+)%/.exec(text.slice(at)) ?? [];
    const value = name === undefined ? undefined : env[name.toUpperCase()];
    expanded += value ?? text[at];
    at += value === undefined ? 1 : whole!.length;
  }
  return expanded;
}

/** @throws {Error} When cmd would take a character as its own. */
function readCarets(text: string): Char[] {
  const chars: Char[] = [];
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (!isQuoted && char === "^") {
      chars.push([text[++at] ?? "", true]);
      continue;
    }
    if (!isQuoted && /[&|<>()\n]/.test(char)) {
      throw new Error(`cmd would take "${char}" of ${text}`);
    }
    if (char === '"') isQuoted = !isQuoted;
    chars.push([char, isQuoted]);
  }
  return chars;
}

/** As the C runtime splits a command line. */
function splitArguments(line: string): string[] {
  const args: string[] = [];
  let arg: string | null = null;
  let isQuoted = false;
  for (const [part] of line.matchAll(/\\*"|\\+|[^\\"]/g)) {
    if (part.endsWith('"')) {
      const count = part.length - 1;
      arg = (arg ?? "") + "\\".repeat(Math.floor(count / 2));
      if (count % 2 === 1) arg += '"';
      else isQuoted = !isQuoted;
    } else if (!isQuoted && /[ \t]/.test(part)) {
      if (arg !== null) args.push(arg);
      arg = null;
    } else arg = (arg ?? "") + part;
  }
  return arg === null ? args : [...args, arg];
}
