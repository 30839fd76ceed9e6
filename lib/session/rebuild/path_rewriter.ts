/**
 * Paths of one machine, rewritten to those of another, anywhere in a text.
 *
 * A root is found where a path can begin and end: not inside a longer name, not as the end
 * of a longer path. It may be written with `/`, with `\`, with either escaped as in JSON or
 * source code, and for a drive also as `/c/…` and `/mnt/c/…`. The rest of the path keeps
 * its names; its separators become those of the new root where that needs others. Works on
 * text alone and does not look at files.
 *
 * @module
 */

/** A remote folder, and the local folder that replaces it; both absolute. */
export interface Move {
  from: string;
  to: string;
}

/** Most UTF-16 units by which paths of this machine may lengthen one text. */
export const MAX_GROWTH = 16 * 1024 * 1024;

/** Longest root searched for, in UTF-16 units; the search takes time by its length. */
const MAX_ROOT_LENGTH = 512;

/** Characters with which a name in a path may continue. */
const NAME = String.raw`[\p{L}\p{N}_~+@$%-]`;

/** Rewrites paths, and counts the changes. */
export class PathRewriter {
  #count = 0;
  readonly #rules: Rule[];

  /** @param moves Unusable moves are ignored, such as one whose root is not an absolute path. */
  constructor(moves: Move[]) {
    this.#rules = moves.filter(isUsable)
      // The longer root first, because it may lie inside the other.
      .sort((a, b) => b.from.length - a.from.length)
      .map(ruleFor);
  }

  /** Paths rewritten so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Rewrites the paths in a text: a short root in it may become one that is much longer.
   *
   * @param room UTF-16 units by which the text may grow.
   * @returns `null` when it would grow by more.
   */
  rewrite(text: string, room: number): string | null {
    const maxLength = text.length + room;
    let rewritten: string | null = text;
    for (const rule of this.#rules) {
      if (rule.hint !== null && !rewritten.includes(rule.hint)) continue;
      rewritten = this.#apply(rule, rewritten, maxLength);
      if (rewritten === null) return null;
    }
    return rewritten;
  }

  #apply(
    { pattern, replace }: Rule,
    text: string,
    maxLength: number,
  ): string | null {
    const pieces: string[] = [];
    let length = text.length;
    let end = 0;
    // One match after the other: all of them at once can take a hundred times the memory
    // of the text.
    for (const { 0: found, index, groups } of text.matchAll(pattern)) {
      const local = replace(found, groups as unknown as Found);
      length += local.length - found.length;
      if (length > maxLength) return null;
      this.#count++;
      pieces.push(text.slice(end, index), local);
      end = index + found.length;
    }
    return pieces.length === 0 ? text : pieces.join("") + text.slice(end);
  }
}

/** One root, ready for the search. */
interface Rule {
  /** Text that must occur for a match; `null` when case does not matter. */
  hint: string | null;
  pattern: RegExp;
  replace: (found: string, groups: Found) => string;
}

interface Found {
  separator?: string;
  tail: string;
}

/**
 * Whether a move can be used. A root of one part such as `/app` is enough; `/`, `C:\` and
 * relative paths are not.
 */
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

/** Positions where a path may begin. */
const START = String.raw`(?<!${NAME}|[.\\]|(?<!:\/)\/)`;

/** End of the root's last name. A dot belongs to the name only if more of it follows. */
const END = String.raw`(?!${NAME}|\.[\p{L}\p{N}_])`;

/**
 * Joins a root and the rest of a path. A POSIX root makes separators `/`; a Windows root
 * keeps the style of the original.
 */
function joined(root: string, separator: string, tail: string): string {
  if (!isWindows(root)) {
    return root + tail.replace(new RegExp(SEPARATOR, "g"), "/");
  }
  return root.replaceAll("\\", () => separator) + tail;
}

/** Writes a Windows root with `/`, which is valid everywhere, also where `\` would need escaping. */
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
