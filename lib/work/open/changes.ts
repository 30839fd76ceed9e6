/**
 * Changes that would be lost with an opened work tree: they were made in it since it was opened, and
 * are nowhere else.
 *
 * @module
 */

import type { StartGit, StreamedGit } from "../../git/git.ts";
import { filtersOff } from "../../git/filters.ts";
import {
  atRoot,
  openRepository,
  type Repository,
} from "../../git/repository.ts";
import { cleanLine } from "../../text/clean_text.ts";
import { inWords, oddFilter } from "../errors.ts";
import { collectLines, drain, line } from "../git_lines.ts";
import { Snapshots } from "../pack/snapshot.ts";
import { HERE_ONLY, ScratchRepository } from "../scratch.ts";
import { type Changed, readStatus, type Status } from "../status.ts";
import { diffTrees } from "../tree_diff.ts";
import type { WorkHeader } from "../work_file.ts";
import { findCheckedOut } from "./checked_out.ts";
import { type OpenedHere, safely } from "./take_away.ts";

/** Most ignored files, and most submodules, that are named. */
const MAX_NAMED = 3;

/** Beginning of the messages of errors. */
const CANNOT_LOOK = "Cannot look at the opened work";

/** Name for the files of a work tree that git does not take for one. */
const UNSEEN = "files that cannot be looked at";

/** The commits of work, as they came. */
export type Came = Pick<WorkHeader, "head" | "staged" | "work">;

/** Means to look into a work tree. */
export interface Looking {
  startGit: StartGit<StreamedGit>;
  /** Folder for scratch repositories. */
  folder: string;
}

/**
 * Names the changes that would be lost, for people; empty when there are none.
 *
 * @param repository The repository of the work tree.
 * @throws {SpreadError} `WORK_UNUSABLE`, `CANNOT_STORE`.
 */
export async function findChanges(
  repository: Repository<StreamedGit>,
  opened: OpenedHere,
  came: Came,
  how: Looking,
): Promise<string[]> {
  try {
    const commits = await countCommits(repository, opened, came);
    const changes = [
      ...counted(commits, "commit that is", "commits that are", "nowhere else"),
    ];
    const { worktree } = opened;
    if (worktree === null || worktree.isGone) return changes;
    if (worktree.isLocked) changes.push("a lock on its work tree");
    return [...changes, ...await findFiles(worktree.root, came, how)];
  } catch (error) {
    throw notSeen(error, opened.id);
  }
}

/**
 * Names what somebody has changed in a work tree since its opening was cut short, for people; empty
 * when there is nothing. Files that the opening did not come to write do not count.
 *
 * @param root Root of the work tree.
 * @throws {SpreadError} `WORK_UNUSABLE`, `CANNOT_STORE`.
 */
export async function findChangesOfHalf(
  { id, root }: { id: string; root: string },
  { work }: Came,
  { startGit, folder }: Looking,
): Promise<string[]> {
  try {
    const repository = await openWorktree(root, startGit);
    if (repository === null) return [UNSEEN];
    await using scratch = await ScratchRepository.make(
      folder,
      `${repository.common}/objects`,
      { isSha256: work.length === 64, startGit },
    );
    // Its own index may be that of no commit yet.
    const git = repository.gitWith({
      ...HERE_ONLY,
      GIT_INDEX_FILE: scratch.index,
    });
    const safe = await safely(git, CANNOT_LOOK);
    const settings = [...safe, "-c", "core.splitIndex=false"];
    await drain(git(...settings, "read-tree", work).output());
    const seen = { ...repository, git };
    const { changed, untracked } = await readStatus(seen, settings);
    const { length } = changed.filter(({ isDeleted }) => !isDeleted);
    return [
      ...counted(length + untracked.length, "changed file", "changed files"),
      ...await findIgnored(seen),
      ...await findSubmodules(seen, { startGit, folder }),
    ];
  } catch (error) {
    throw notSeen(error, id);
  }
}

function notSeen(error: unknown, id: string): unknown {
  return inWords(
    error,
    "WORK_UNUSABLE",
    CANNOT_LOOK,
    `Keep what you need of it, then take it away unseen: claude-spread work undo ${id} --force`,
  );
}

/** Opens a work tree with git started at its root; `null` when it is none. */
async function openWorktree(
  root: string,
  startGit: StartGit<StreamedGit>,
): Promise<Repository<StreamedGit> | null> {
  const found = await openRepository(root, startGit);
  return found === null || found.root !== root ? null : atRoot(found);
}

/** Number of commits of its branch and its work tree that nothing else has. */
async function countCommits(
  { git }: Repository<StreamedGit>,
  { worktree, branch }: OpenedHere,
  { head, work }: Came,
): Promise<number> {
  const ref = `refs/heads/${branch}`;
  const tip = await git("rev-parse", "--verify", "-q", ref).answer();
  const tips = [tip?.trim(), worktree?.head]
    .filter((hash) => hash !== undefined && !/^0+$/.test(hash));
  if (tips.length === 0) return 0;
  const known = await git("cat-file", "--batch-check").answer(
    [head, work].map((hash) => `${hash ?? ""}\n`).join(""),
  );
  const came = [...(known ?? "").matchAll(/^([0-9a-f]+) commit /gm)];
  const count = await line(
    git(
      "rev-list",
      "--count",
      ...tips as string[],
      "--not",
      ...came.map(([, hash]) => hash!),
      `--exclude=${ref}`,
      "--exclude=refs/claude-spread/*",
      "--glob=refs/*",
      "--",
    ).output(),
  );
  return Number(count);
}

async function findFiles(
  root: string,
  came: Came,
  { startGit, folder }: Looking,
): Promise<string[]> {
  const repository = await openWorktree(root, startGit);
  if (repository === null) return [UNSEEN];
  const changes = await Promise.all([
    findChanged(repository, came, { startGit, folder }),
    findHidden(repository),
    findIgnored(repository),
    findSubmodules(repository, { startGit, folder }),
  ]);
  return changes.flat();
}

/** Files that are no longer as they came. */
async function findChanged(
  repository: Repository<StreamedGit>,
  came: Came,
  looking: Looking,
): Promise<string[]> {
  const filters = await filtersOff(repository.git, ["--includes"]);
  if (filters === null) throw oddFilter(CANNOT_LOOK);
  const status = await readStatus(repository, filters);
  if (status.conflict !== undefined) return ["an unfinished merge"];
  const count = await countFiles(repository, came, {
    ...looking,
    filters,
    status,
  });
  return counted(count, "changed file", "changed files");
}

async function countFiles(
  repository: Repository<StreamedGit>,
  came: Came,
  { startGit, folder, filters, status: { head, changed, untracked } }:
    & Looking
    & { filters: string[]; status: Status },
): Promise<number> {
  await using scratch = await ScratchRepository.make(
    folder,
    `${repository.common}/objects`,
    { isSha256: came.work.length === 64, startGit },
  );
  const snapshots = new Snapshots(repository, scratch, {
    head,
    filters,
    created: new Date(),
  });
  const pathsOf = (files: Changed[]) => files.map(({ path }) => path);
  const staged = await snapshots.stagedTree(changed);
  const work = await snapshots.workTree({
    files: [
      ...pathsOf(changed.filter(({ isDeleted }) => !isDeleted)),
      ...untracked.filter((path) => !path.endsWith("/")),
    ],
    deleted: pathsOf(changed.filter(({ isDeleted }) => isDeleted)),
  });
  const differing = [
    ...await diffTrees(scratch.git, `${came.staged}^{tree}`, staged),
    ...await diffTrees(scratch.git, `${came.work}^{tree}`, work),
  ].map(({ path }) => path);
  const repositories = untracked.filter((path) => path.endsWith("/"));
  return new Set([...differing, ...repositories]).size;
}

/** Files that the user has told git not to look at: nobody can say whether they are as they came. */
async function findHidden(
  { git }: Repository<StreamedGit>,
): Promise<string[]> {
  const lines = await collectLines(git("ls-files", "-v", "-z").output(), "\0");
  // Assumed to be unchanged, and left out of the work tree.
  const { length } = lines.filter((line) => /^[a-zS] /.test(line));
  return counted(length, "file", "files", "at which git does not look");
}

/** Ignored files: what a build has made, but also settings that somebody wrote there. */
async function findIgnored(
  { git }: Repository<StreamedGit>,
): Promise<string[]> {
  const ignored = ["--others", "--ignored", "--exclude-standard"];
  const output = git("ls-files", ...ignored, "--directory", "-z").output();
  const paths = await collectLines(output, "\0");
  return named(
    counted(paths.length, "file", "files", "that git ignores"),
    paths,
  );
}

/** Submodules that somebody has checked out. */
async function findSubmodules(
  repository: Repository<StreamedGit>,
  looking: Looking,
): Promise<string[]> {
  const paths = await findCheckedOut(repository, looking);
  const what = ["submodule that is", "submodules that are"] as const;
  return named(counted(paths.length, ...what, "checked out"), paths);
}

/** Adds the first names to a count. */
function named(count: string[], paths: string[]): string[] {
  const names = paths.slice(0, MAX_NAMED).map((path) => cleanLine(path, 80));
  const more = paths.length > MAX_NAMED ? ", …" : "";
  return count.map((what) => `${what} (${names.join(", ")}${more})`);
}

/** A count in words; nothing for none. */
function counted(
  count: number,
  one: string,
  more: string,
  rest = "",
): string[] {
  if (count === 0) return [];
  return [`${count} ${count === 1 ? one : more} ${rest}`.trimEnd()];
}
