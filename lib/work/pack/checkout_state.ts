/**
 * The state of the sender's checkout: its commit, the changes that no commit has, and how much of
 * its history nobody else has. Reading it changes nothing.
 *
 * @module
 */

import type { SpreadError } from "../../errors.ts";
import type { StreamedGit } from "../../git/git.ts";
import type { Repository } from "../../git/repository.ts";
import { cleanLine } from "../../text/clean_text.ts";
import { collectLines, decodeLines } from "../git_lines.ts";
import { readStatus, type Status } from "../status.ts";
import { unusable } from "../errors.ts";
import { MAX_BASES, UNDER_WAY } from "../work_file.ts";

/** State of a checkout. */
export interface CheckoutState extends Status {
  /** Operations under way. */
  underWay: (typeof UNDER_WAY)[number][];
  /** Tracked files that git is told to take as unchanged, but for those that are not there. */
  overlooked: string[];
  /** The commits that somebody else has, on which the others build; newest first. */
  base: string[];
  /** Number of commits that nobody else is known to have. */
  commits: number;
  /** First commits of the history; none where they are not here. */
  roots: string[];
}

/**
 * Reads the state of a checkout.
 *
 * @param filters Arguments that turn off its filters.
 * @throws {SpreadError} `WORK_UNUSABLE` when files have conflicts, or there is no base in a shallow
 *   clone.
 * @throws {TooMuch}
 * @throws {GitFailed} When git fails.
 */
export async function readCheckout(
  repository: Repository<StreamedGit>,
  filters: Promise<string[]>,
): Promise<CheckoutState> {
  const [status, underWay, flagged, history, roots] = await Promise.all([
    filters.then((off) => readStatus(repository, off)),
    readUnderWay(repository),
    readFlagged(repository),
    readHistory(repository),
    readRoots(repository),
  ]);
  const { head, conflict } = status;
  if (conflict !== undefined) throw hasConflict(conflict);
  // Git names no base when somebody else has all of it.
  const base = head !== null && history.commits === 0 ? [head] : history.base;
  if (head !== null && base.length === 0 && repository.isShallow) {
    throw unusable(
      "Cannot send the work of a shallow clone: no remote branch has any of its commits",
      "Fetch the whole history first (git fetch --unshallow)",
    );
  }
  // A sparse checkout flags the files that are not there.
  const isSparse = underWay.includes("sparse checkout");
  const overlooked = flagged.filter(({ flag }) => !isSparse || flag !== "S")
    .map(({ path }) => path);
  const { commits } = history;
  return { ...status, underWay, overlooked, base, commits, roots };
}

function hasConflict(path: string): SpreadError {
  return unusable(
    `Cannot send the work: "${cleanLine(path, 80)}" has an unresolved conflict`,
    "Resolve the conflicts, or abort the merge or rebase that led to them (git status names it)",
  );
}

/** Files with a flag: `S` for those to skip, a small letter for those to assume unchanged. */
async function readFlagged(
  { git }: Repository<StreamedGit>,
): Promise<{ flag: string; path: string }[]> {
  const flagged: { flag: string; path: string }[] = [];
  const lines = git("ls-files", "-v", "-z").output();
  for await (const line of decodeLines(lines, "\0")) {
    const [flag] = line;
    if (/[a-zS]/.test(flag!)) {
      flagged.push({ flag: flag!, path: line.slice(2) });
    }
  }
  return flagged;
}

type Operation = typeof UNDER_WAY[number];

/** Operations, by the name that git has while one is under way. */
const OPERATIONS: Record<string, Operation> = {
  MERGE_HEAD: "merge",
  REBASE_HEAD: "rebase",
  CHERRY_PICK_HEAD: "cherry-pick",
  REVERT_HEAD: "revert",
};

/** Folders of a rebase, which is under way also where it has stopped between two commits. */
const REBASES = ["rebase-merge", "rebase-apply"];

async function readUnderWay(
  { git, path }: Repository<StreamedGit>,
): Promise<Operation[]> {
  const [heads, sparse, ...rebases] = await Promise.all([
    git("cat-file", "--batch-check=%(objectname)").answer(
      Object.keys(OPERATIONS).map((name) => `${name}\n`).join(""),
    ),
    git("config", "--type=bool", "--get", "core.sparseCheckout").answer(),
    ...REBASES.map((name) =>
      // That of another work tree may not be read.
      Deno.lstat(`${path}/${name}`).then(() => true, () => false)
    ),
  ]);
  const lines = (heads ?? "").split("\n");
  const found = Object.values(OPERATIONS).filter((operation, i) =>
    lines[i] && !lines[i].endsWith(" missing") ||
    operation === "rebase" && rebases.includes(true)
  );
  return sparse?.trim() === "true" ? [...found, "sparse checkout"] : found;
}

/** Counts the commits that no remote-tracking branch has, and finds those on which they build. */
async function readHistory(
  { git }: Repository<StreamedGit>,
): Promise<Pick<CheckoutState, "base" | "commits">> {
  if (await git("rev-parse", "--verify", "-q", "HEAD").answer() === null) {
    return { base: [], commits: 0 };
  }
  const lines = git(
    "rev-list",
    "--boundary",
    "HEAD",
    "--not",
    "--remotes",
  ).output();
  const base: string[] = [];
  let commits = 0;
  for await (const line of decodeLines(lines, "\n")) {
    if (line.startsWith("-")) base.push(line.slice(1));
    else commits++;
    if (base.length > MAX_BASES) {
      throw unusable(
        `Cannot send the work: it builds on more than ${MAX_BASES} commits of remote branches`,
        "Push the branch first",
      );
    }
  }
  return { base: await newestFirst(git, base), commits };
}

async function newestFirst(
  git: Repository<StreamedGit>["git"],
  commits: string[],
): Promise<string[]> {
  if (commits.length < 2) return commits;
  return await collectLines(
    git("rev-list", "--no-walk=sorted", ...commits).output(),
    "\n",
  );
}

async function readRoots(
  { git, isShallow }: Repository<StreamedGit>,
): Promise<string[]> {
  if (isShallow) return [];
  const answer = await git("rev-list", "--max-parents=0", "HEAD", "--")
    .answer();
  // The oldest come last, and a checkout elsewhere has those, whatever was grafted on later.
  return (answer ?? "").split("\n").filter(Boolean).slice(-8);
}
