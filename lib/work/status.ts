/**
 * The state of a checkout's files. Reading it changes nothing.
 *
 * @module
 */

import type { SpreadError } from "../errors.ts";
import type { StreamedGit } from "../git/git.ts";
import type { Repository } from "../git/repository.ts";
import { unusable } from "./errors.ts";
import { decodeLines } from "./git_lines.ts";

/** Most changed or untracked files. */
const MAX_CHANGES = 100_000;

/** A tracked file that differs from the index. */
export interface Changed {
  path: string;
  isSubmodule: boolean;
  /** Whether the index has only its name (`git add --intent-to-add`). */
  isIntended: boolean;
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
}

/**
 * Reads the state of the files.
 *
 * @param filters Arguments that turn off filters.
 * @throws {SpreadError} `WORK_UNUSABLE` when a merge has conflicts, or there are too many changes.
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
    if (++count > MAX_CHANGES) throw tooMany();
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
  if (sort === "u") {
    throw unusable(
      "Cannot send the work: a merge has conflicts that are not resolved",
      "Resolve or abort it first (git status shows it)",
    );
  }
  // 1 XY sub mH mI mW hH hI path
  const [, xy, sub, , , , , , ...rest] = line.split(" ");
  const path = rest.join(" ");
  const [index, tree] = xy!;
  const isIntended = index === "." && tree === "A";
  if (tree !== ".") {
    status.changed.push({ path, isSubmodule: sub![0] === "S", isIntended });
  }
}

function tooMany(): SpreadError {
  return unusable(
    `Cannot send the work: more than ${MAX_CHANGES} files are changed or new`,
    "Have git ignore those that are made by a build",
  );
}
