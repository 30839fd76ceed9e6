/**
 * Changes in an opened work tree since it was opened, which would be lost with it.
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
import { inWords } from "../errors.ts";
import { line } from "../git_lines.ts";
import { Snapshots } from "../pack/snapshot.ts";
import { ScratchRepository } from "../scratch.ts";
import { type Changed, readStatus } from "../status.ts";
import { diffTrees } from "../tree_diff.ts";

/** Work that was opened. */
interface Opened {
  id: string;
  worktree: string;
  branch: string;
}

/**
 * Names what was done since work was opened, for people; empty when nothing was.
 *
 * @param repository The checkout beside it, with git started at its root.
 * @throws {SpreadError} `WORK_UNUSABLE`, `CANNOT_STORE`.
 */
export async function findChanges(
  repository: Repository<StreamedGit>,
  opened: Opened,
  how: { startGit: StartGit<StreamedGit>; folder: string },
): Promise<string[]> {
  try {
    const changes: string[] = [];
    const commits = await countCommits(repository, opened);
    if (commits > 0) {
      changes.push(commits === 1 ? "1 commit" : `${commits} commits`);
    }
    const files = await countFiles(opened, how);
    if (files > 0) {
      changes.push(files === 1 ? "1 changed file" : `${files} changed files`);
    }
    return changes;
  } catch (error) {
    throw inWords(error, "WORK_UNUSABLE", "Cannot look at the opened work");
  }
}

/** Number of commits on the branch that did not come along; of all others, if it was moved. */
async function countCommits(
  { git }: Repository<StreamedGit>,
  { id, branch }: Opened,
): Promise<number> {
  const answer = await git(
    "rev-list",
    "--count",
    `refs/heads/${branch}`,
    `^refs/claude-spread/${id}/head`,
    "--",
  ).answer();
  // The branch may be gone already.
  return Number(answer ?? 0);
}

/** Number of files that are no longer as they came. */
async function countFiles(
  { id, worktree }: Opened,
  { startGit, folder }: { startGit: StartGit<StreamedGit>; folder: string },
): Promise<number> {
  const found = await openRepository(worktree, startGit);
  // Somebody has removed it.
  if (found === null || found.root !== worktree) return 0;
  const repository = atRoot(found);
  const { git } = repository;
  const filters = await filtersOff(git, ["--includes"]) ?? [];
  const { head, changed, untracked } = await readStatus(repository, filters);
  const isSha256 = (head ?? "").length === 64;
  await using scratch = await ScratchRepository.make(
    folder,
    `${repository.common}/objects`,
    { isSha256, startGit },
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
  const [stagedCame, workCame] = await Promise.all(
    ["staged", "work"].map((name) =>
      line(git("rev-parse", `refs/claude-spread/${id}/${name}^{tree}`).output())
    ),
  );
  const differing = [
    ...await diffTrees(scratch.git, stagedCame!, staged),
    ...await diffTrees(scratch.git, workCame!, work),
  ].map(({ path }) => path);
  const repositories = untracked.filter((path) => path.endsWith("/"));
  return new Set([...differing, ...repositories]).size;
}
