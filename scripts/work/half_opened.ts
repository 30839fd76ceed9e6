/**
 * Openings that were cut short: by an error, by the user, or by the end of the process.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import type { GitProgram, StreamedGit } from "../../lib/git/git.ts";
import {
  atRoot,
  openRepository,
  type Repository,
} from "../../lib/git/repository.ts";
import { type Came, findChangesOfHalf } from "../../lib/work/open/changes.ts";
import { type KeptWork, writeKept } from "../../lib/work/open/kept.ts";
import {
  findHalfOpened,
  type HalfOpened,
  takeBack,
} from "../../lib/work/open/take_away.ts";
import { workFolder } from "../cli/surroundings.ts";
import { headerOf } from "./received_work.ts";

/**
 * Takes back what an opening has made before it was cut short; returns the work without it.
 *
 * @param force Whether what somebody has changed there since is taken away, too.
 * @throws {SpreadError} `WORK_CHANGED`, `WORK_UNUSABLE`, `CANNOT_STORE`; the work then stays half
 *   opened.
 */
export async function takeBackOpening(
  work: KeptWork,
  git: GitProgram,
  force: boolean,
): Promise<KeptWork> {
  const { opening, ...closed } = work;
  if (opening === undefined) return work;
  const { checkout, branch } = opening;
  const repository = await openRepository(checkout, git.start);
  if (repository !== null) {
    const header = await headerOf(work);
    const half = { id: work.id, branch, head: header?.head ?? null };
    if (!force && header !== null) {
      await requireUnchanged(atRoot(repository), half, header, git);
    }
    await takeBack(atRoot(repository), half);
  }
  await writeKept(workFolder(), closed);
  return closed;
}

/** @throws {SpreadError} `WORK_CHANGED` when somebody has worked in the work tree. */
async function requireUnchanged(
  repository: Repository<StreamedGit>,
  half: HalfOpened,
  came: Came,
  git: GitProgram,
): Promise<void> {
  const worktree = await findHalfOpened(repository, half);
  if (worktree === null || worktree.isGone) return;
  const { id } = half;
  const { root } = worktree;
  const changes = await findChangesOfHalf({ id, root }, came, {
    startGit: git.start,
    folder: workFolder(),
  });
  if (changes.length === 0) return;
  throw new SpreadError(
    "WORK_CHANGED",
    `Opening the work was cut short, and this would be lost with its folder "${root}": ${
      changes.join(", ")
    }`,
    `Keep what you need, then take it away: claude-spread work undo ${id} --force`,
  );
}
