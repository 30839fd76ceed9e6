/**
 * Paths of one machine, turned into those of another, wherever they stand in a text.
 *
 * A root is found where a path can begin and end: not inside a longer name, not as the end
 * of a longer path. It may be written with `/`, with `\`, with either escaped as in JSON or
 * source code, and for a drive also as `/c/…` and `/mnt/c/…`; what follows it keeps its
 * words, and separators become those of the new root where it needs others. Text alone: no
 * file is looked at.
 *
 * @module
 */

/** A folder there, and the folder here that takes its place; both absolute. */
export interface Move {
  from: string;
  to: string;
}

/** Longest root that is looked for, in UTF-16 units: looking for one takes time by its length. */
const MAX_ROOT_LENGTH = 512;

/** What a name in a path may go on with. */
const NAME = String.raw`[\p{L}\p{N}_~+@$%-]`;

/** Rewrites paths, and counts them. */
export class PathRewriter {
  #count = 0;
  readonly #rules: Rule[];

  /** @param moves Those that cannot be used, such as a root that is no absolute path, count for nothing. */
  constructor(moves: Move[]) {
    this.#rules = moves.filter(isUsable)
      // The longer root first: it may lie in the other.
      .sort((a, b) => b.from.length - a.from.length)
      .map(ruleFor);
  }

  /** Paths rewritten so far. */
  get count(): number {
    return this.#count;
  }

  rewrite(text: string): string {
    let rewritten = text;
    for (const { hint, pattern, replace } of this.#rules) {
      if (hint !== null && !rewritten.includes(hint)) continue;
      rewritten = rewritten.replace(pattern, (found, ...rest) => {
        this.#count++;
        return replace(found, rest.at(-1) as Found);
      });
    }
    return rewritten;
  }
}

/** One root, ready to be looked for. */
interface Rule {
  /** What a text must hold at least; `null` when capitals do not matter. */
  hint: string | null;
  pattern: RegExp;
  replace: (found: string, groups: Found) => string;
}

interface Found {
  separator?: string;
  tail: string;
}

/** A root of one part such as `/app` will do; `/`, `C:\` and relative paths will not. */
function isUsable({ from, to }: Move): boolean {
  return from !== to && from.length <= MAX_ROOT_LENGTH &&
    /^(?:[a-z]:)?[\\/]+[^\\/]/i.test(from) && !/[\p{Cc}]/u.test(from);
}

function ruleFor({ from, to }: Move): Rule {
  const drive = /^([a-z]):/i.exec(from)?.[1];
  const parts = from.replace(/^[a-z]:/i, "").split(/[\\/]+/).filter(Boolean);
  const root = trimmed(to);
  const tail = String
    .raw`(?<tail>(?:${SEPARATOR}(?:[^\s\\/:*?"'<>|${"`"},;()[\]{}]+))*)`;
  if (drive === undefined) {
    const pattern = String.raw`${START}(?<separator>\\?\/)${
      parts.map(RegExp.escape).join(String.raw`\\?\/`)
    }${END}`;
    return {
      hint: parts.at(-1)!,
      pattern: new RegExp(pattern, "gu"),
      replace: (_, { separator }) => withSlashes(root, separator!),
    };
  }
  const start = String.raw`(?:${drive}:|(?:\/mnt)?\/${drive}(?=\/))`;
  const pattern = String.raw`${START}${start}(?<separator>${SEPARATOR})${
    parts.map(RegExp.escape).join(SEPARATOR)
  }${END}${tail}`;
  return {
    hint: null,
    pattern: new RegExp(pattern, "giu"),
    replace: (_, { separator, tail }) => joined(root, separator!, tail),
  };
}

/** `/`, `\/`, `\`, and `\` escaped up to twice. */
const SEPARATOR = String.raw`(?:\\?\/|\\{1,4})`;

/** Where a path may begin. */
const START = String.raw`(?<!${NAME}|[.\\]|(?<!:\/)\/)`;

/** Where the root's last name ends. A dot belongs to it only if more follows. */
const END = String.raw`(?!${NAME}|\.[\p{L}\p{N}_])`;

/** A root of POSIX behind one of Windows gets `/`; one of Windows is written as the other was. */
function joined(root: string, separator: string, tail: string): string {
  if (!isWindows(root)) {
    return root + tail.replace(new RegExp(SEPARATOR, "g"), "/");
  }
  return root.replaceAll("\\", () => separator) + tail;
}

/** With `/`, a root of Windows is valid everywhere, also where `\` would have to be escaped. */
function withSlashes(root: string, separator: string): string {
  const slashed = isWindows(root) ? root.replaceAll("\\", "/") : root;
  return separator === "/" ? slashed : slashed.replaceAll("/", separator);
}

function isWindows(root: string): boolean {
  return /^[a-z]:/i.test(root);
}

function trimmed(root: string): string {
  return root.replace(/(?<=[^\\/:])[\\/]+$/, "");
}
