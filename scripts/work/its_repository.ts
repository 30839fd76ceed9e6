/**
 * The repository in which work was opened, wherever it is by now.
 *
 * @module
 */

import type { GitProgram, StreamedGit } from "../../lib/git/git.ts";
import {
  type GitHere,
  NO_PROGRAMS,
  openRepository,
  type Repository,
} from "../../lib/git/repository.ts";
import { WORK_REFS } from "../../lib/work/bundle_head.ts";
import type { Came } from "../../lib/work/open/changes.ts";
import type { KeptWork } from "../../lib/work/open/kept.ts";
import { refFor } from "../../lib/work/open/take_away.ts";
import { headerOf } from "./received_work.ts";

/**
 * Finds the repository of opened work: where it was, from the work tree itself, or around the
 * present folder, to which the user may have moved it. `null` when no repository there knows of the
 * work.
 */
export async function findItsRepository(
  work: KeptWork,
  git: GitProgram,
): Promise<Repository<StreamedGit> | null> {
  const { checkout, worktree } = work.opened!;
  for (const folder of [checkout, worktree, "."]) {
    const found = await openRepository(folder, git.start);
    if (found === null) continue;
    const repository = atCommon(found, git);
    if (!await knows(repository, work)) continue;
    // Its work trees still name the place from which it was moved.
    if (folder === ".") await repository.git("worktree", "repair").answer();
    return repository;
  }
  return null;
}

/** The same repository, with git started where no work tree is, which may be taken away. */
function atCommon(
  repository: Repository<StreamedGit>,
  { start }: GitProgram,
): Repository<StreamedGit> {
  const { common } = repository;
  const where = ["-C", common, `--git-dir=${common}`, "--no-pager"];
  const gitWith =
    (env: Record<string, string>): GitHere<StreamedGit> => (...args) =>
      start([...where, ...NO_PROGRAMS, ...args], env);
  return { ...repository, git: gitWith({}), gitWith };
}

/** Whether a repository has the names of the commits; the branch may be that of other work. */
export async function knows(
  { git }: Pick<Repository<StreamedGit>, "git">,
  { id }: Pick<KeptWork, "id">,
): Promise<boolean> {
  const names = `refs/claude-spread/${id}`;
  const found = await git("for-each-ref", "--count=1", names).answer();
  return found !== null && found !== "";
}

/** The commits of work as they came; `null` when neither payload nor names of commits are left. */
export async function cameWith(
  work: KeptWork,
  { git }: Repository<StreamedGit>,
): Promise<Came | null> {
  const header = await headerOf(work);
  if (header !== null) return header;
  const names = Object.values(WORK_REFS).map((name) => refFor(work.id, name));
  const answer = await git("rev-parse", "--verify", "-q", names[0]!).answer();
  const others = await git("rev-parse", ...names.slice(1)).answer();
  if (answer === null || others === null) return null;
  const [staged, came] = others.trim().split("\n");
  return { head: answer.trim(), staged: staged!, work: came! };
}
