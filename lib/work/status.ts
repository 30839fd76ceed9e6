/**
 * The state of a checkout's files. Reading it changes nothing.
 *
 * @module
 */

import type { StreamedGit } from "../git/git.ts";
import type { Repository } from "../git/repository.ts";
import { TooMuch } from "./errors.ts";
import { decodeLines } from "./git_lines.ts";

/** Most changed or untracked files. */
const MAX_CHANGES = 100_000;

/** A tracked file that differs from the index. */
export interface Changed {
  path: string;
  isSubmodule: boolean;
  /** Whether the file is gone, or something else is in its place that is not tracked. */
  isDeleted: boolean;
  /**
   * Whether the index has only the file's name (`git add --intent-to-add`); `unclear` for an empty
   * file that is gone: if it is in the index, it is also in the commit.
   */
  isIntended: boolean | "unclear";
}

/** State of the files of a checkout, by their paths from its root. */
export interface Status {
  /** Hash of its commit; `null` before the first one. */
  head: string | null;
  /** Name of its branch; absent when none is checked out. */
  branch?: string;
  /** Tracked files that differ from the index. */
  changed: Changed[];
  /** Files that are neither tracked nor ignored; one that ends with `/` is a repository. */
  untracked: string[];
  /** The first file with an unresolved conflict; absent when there is none. */
  conflict?: string;
}

/**
 * Reads the state of the files.
 *
 * @param filters Arguments that turn off filters.
 * @throws {TooMuch} When there are too many changes.
 * @throws {GitFailed} When git fails.
 */
export async function readStatus(
  { git }: Repository<StreamedGit>,
  filters: string[],
): Promise<Status> {
  const lines = git(
    ...filters,
    "status",
    "--porcelain=v2",
    "--branch",
    // Counting them would take a walk through the history.
    "--no-ahead-behind",
    "-z",
    "--untracked-files=all",
    "--no-renames",
    "--ignore-submodules=dirty",
  ).output();
  const status: Status = { head: null, changed: [], untracked: [] };
  let count = 0;
  for await (const line of decodeLines(lines, "\0")) {
    if (line.startsWith("# ")) {
      readHeadLine(line, status);
      continue;
    }
    if (++count > MAX_CHANGES) {
      throw new TooMuch(`more than ${MAX_CHANGES} files are changed or new`);
    }
    readFileLine(line, status);
  }
  return status;
}

function readHeadLine(line: string, status: Status): void {
  const [, name, value = ""] = /^# (\S+) (.*)$/.exec(line) ?? [];
  if (name === "branch.oid" && value !== "(initial)") status.head = value;
  if (name === "branch.head" && value !== "(detached)") status.branch = value;
}

function readFileLine(line: string, status: Status): void {
  const [sort] = line;
  if (sort === "?") return void status.untracked.push(line.slice(2));
  // u XY sub m1 m2 m3 mW h1 h2 h3 path
  if (sort === "u") {
    status.conflict ??= line.split(" ").slice(10).join(" ");
    return;
  }
  // 1 XY sub mH mI mW hH hI path
  const [, xy, sub, , , , , hash, ...rest] = line.split(" ");
  const path = rest.join(" ");
  const [index, tree] = xy!;
  if (tree === ".") return;
  const isDeleted = tree === "D";
  // Git tells an intended file that is gone like an empty one.
  const isUnclear = index === "." && isDeleted && EMPTY_BLOBS.includes(hash!);
  const isIntended = isUnclear ? "unclear" : tree === "A" || xy === "DD";
  const isSubmodule = sub![0] === "S";
  status.changed.push({ path, isSubmodule, isDeleted, isIntended });
}

/** Names of the empty blob, by SHA-1 and by SHA-256. */
const EMPTY_BLOBS = [
  "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
  "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
];
