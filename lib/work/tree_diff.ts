/**
 * Differences between two trees.
 *
 * @module
 */

import type { StreamedGit } from "../git/git.ts";
import type { GitHere } from "../git/repository.ts";
import { TooMuch } from "./errors.ts";
import { decodeLines } from "./git_lines.ts";

/** Most differing files. */
export const MAX_DIFFERENCES = 200_000;

/** A file that differs. */
export interface Difference {
  /** From the root of the checkout, with `/`. */
  path: string;
  /** Mode in the second tree; `000000` when it is not there. */
  mode: string;
  /** Hash of its blob in the second tree. */
  hash: string;
  status: "A" | "D" | "M" | "T";
}

/** Names of the empty tree, by the length of hashes. */
const EMPTY_TREES: Record<number, string> = {
  40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
};

/** The empty tree, by a hash of the same repository. */
export function emptyTree(like: string): string {
  return EMPTY_TREES[like.length]!;
}

/**
 * Returns the files that differ, in order of their paths.
 *
 * @param from A tree or commit; `null` for the empty tree.
 * @param isWanted Whether a file is returned, and counts.
 * @throws {TooMuch} When there are more than {@linkcode MAX_DIFFERENCES}.
 * @throws {GitFailed} When git fails.
 */
export async function diffTrees(
  git: GitHere<StreamedGit>,
  from: string | null,
  to: string,
  isWanted: (difference: Difference) => boolean = () => true,
): Promise<Difference[]> {
  const fields = decodeLines(
    git(
      "diff-tree",
      "-r",
      "-z",
      "--raw",
      "--no-abbrev",
      "--no-renames",
      "--no-ext-diff",
      "--ignore-submodules=none",
      from ?? emptyTree(to),
      to,
      "--",
    ).output(),
    "\0",
  );
  const found: Difference[] = [];
  let about: string[] = [];
  for await (const field of fields) {
    if (about.length === 0) {
      // :mode mode hash hash status
      about = field.split(" ");
      continue;
    }
    const [, mode, , hash, status] = about;
    const letter = status![0] as Difference["status"];
    const difference = {
      path: field,
      mode: mode!,
      hash: hash!,
      status: letter,
    };
    about = [];
    if (isWanted(difference)) found.push(difference);
    if (found.length > MAX_DIFFERENCES) {
      throw new TooMuch(`more than ${MAX_DIFFERENCES} files differ`);
    }
  }
  return found;
}
