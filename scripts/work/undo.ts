/**
 * `work undo`: takes opened work away, with all that was done in it.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import type { GitProgram, StreamedGit } from "../../lib/git/git.ts";
import type { Repository } from "../../lib/git/repository.ts";
import { requireGit } from "../../lib/work/errors.ts";
import { findChanges } from "../../lib/work/open/changes.ts";
import {
  type KeptWork,
  lockKept,
  removeKept,
} from "../../lib/work/open/kept.ts";
import {
  findOpenedHere,
  type OpenedHere,
  takeAway,
} from "../../lib/work/open/take_away.ts";
import { formatPath } from "../cli/screen/format.ts";
import { workFolder } from "../cli/surroundings.ts";
import { canAsk, type Terminal } from "../cli/terminal.ts";
import { takeBackOpening } from "./half_opened.ts";
import { cameWith, findItsRepository } from "./its_repository.ts";
import type { WorkAction } from "./options.ts";
import { findWork, startGit } from "./received_work.ts";

/** Removes work: the work tree, its branch, the names of its commits, and what was received. */
export async function undoWork(
  { id, force }: Extract<WorkAction, { action: "undo" }>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  using _lock = await lockKept(workFolder(), signal);
  using git = startGit(signal);
  const found = await findWork(id, ({ opened }) => opened?.time ?? null)
    .catch((error) => {
      throw id === undefined ? nothingOpen(error) : error;
    });
  const work = await takeBackOpening(found, git, force);
  const closed = work.opened &&
    await close(work, { force, git, terminal, signal });
  const worktree = closed ?? work.opened?.worktree;
  await removeKept(workFolder(), work);
  terminal.say(
    worktree === undefined
      ? `the work ${work.id} is removed; it was not open`
      : closed === null
      ? `the work ${work.id} is forgotten; its checkout is gone, and what is left in ${
        formatPath(worktree)
      } stays`
      : `the work ${work.id} is gone, with ${formatPath(worktree)}`,
    "undone",
    { id: work.id, worktree },
  );
}

/** The way in which opened work is closed. */
interface Closing {
  /** Whether to ask for nothing. */
  force: boolean;
  git: GitProgram;
  terminal: Terminal;
  signal: AbortSignal;
}

/**
 * Takes the work tree away.
 *
 * @returns Its root, wherever it was by now; `null` when no repository knew of it.
 */
async function close(
  work: KeptWork,
  closing: Closing,
): Promise<string | null> {
  const { force, git, terminal } = closing;
  requireGit(await git.start(["version"]).answer());
  const repository = await findItsRepository(work, git);
  if (repository === null) return null;
  const here = await findOpenedHere(repository, {
    id: work.id,
    ...work.opened!,
  });
  if (!force) await agree(work, repository, here, closing);
  if (!await takeAway(repository, here)) {
    terminal.warn(
      `the branch ${here.branch} stays, because another work tree has it checked out`,
    );
  }
  return here.worktree?.root ?? work.opened!.worktree;
}

/** @throws {SpreadError} `WORK_CHANGED` unless nothing would be lost, or the person agrees. */
async function agree(
  work: KeptWork,
  repository: Repository<StreamedGit>,
  here: OpenedHere,
  { git, terminal, signal }: Closing,
): Promise<void> {
  const came = await cameWith(work, repository);
  const changes = came === null
    ? ["changes that cannot be told from what came"]
    : await findChanges(repository, here, came, {
      startGit: git.start,
      folder: workFolder(),
    });
  if (changes.length === 0) return;
  const what = changes.join(", ");
  if (canAsk()) {
    const folder = here.worktree?.root ?? work.opened!.worktree;
    terminal.say(`this would be lost with ${formatPath(folder)}: ${what}`);
    if (await terminal.agrees("Take it away all the same?", signal)) return;
  }
  throw new SpreadError(
    "WORK_CHANGED",
    `Nothing was taken away, because this would be lost: ${what}`,
    `Keep what you need, then add --force: claude-spread work undo ${work.id} --force`,
  );
}

function nothingOpen(error: unknown): unknown {
  if (!SpreadError.is(error, "NO_WORK")) return error;
  return new SpreadError(
    "NO_WORK",
    "No work is open",
    "To remove work that was never opened, name its ID: claude-spread work list",
    { cause: error },
  );
}
