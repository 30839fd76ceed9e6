/**
 * `work undo`: takes opened work away, with all that was done in it.
 *
 * @module
 */

import { SpreadError } from "../../lib/errors.ts";
import { findChanges } from "../../lib/work/open/changes.ts";
import { type KeptWork, removeKept } from "../../lib/work/open/kept.ts";
import { takeAway } from "../../lib/work/open/take_away.ts";
import { formatPath } from "../cli/screen/format.ts";
import { workFolder } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { WorkAction } from "./options.ts";
import { findWork, openCheckout, startGit } from "./received_work.ts";

/** Removes work: the work tree, its branch, the names of its commits, and what was received. */
export async function undoWork(
  { id, force }: Extract<WorkAction, { action: "undo" }>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const work = await findWork(id, ({ opened }) => opened !== undefined)
    .catch((error) => {
      throw id === undefined ? nothingOpen(error) : error;
    });
  if (work.opened !== undefined) {
    await close(work, force, terminal, signal);
  }
  await removeKept(workFolder(), work);
  const { worktree } = work.opened ?? {};
  terminal.say(
    worktree === undefined
      ? `the work ${work.id} is removed; it was never opened`
      : `${formatPath(worktree)} and its branch are gone`,
    "undone",
    { id: work.id, worktree },
  );
}

async function close(
  work: KeptWork,
  force: boolean,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { checkout, worktree, branch } = work.opened!;
  using git = startGit(signal);
  const repository = await openCheckout(checkout, git);
  const opened = { id: work.id, worktree, branch };
  const changes = await findChanges(repository, opened, {
    startGit: git.start,
    folder: workFolder(),
  });
  if (changes.length > 0 && !force) {
    await agree(work, changes, terminal, signal);
  }
  await takeAway(repository, opened);
}

/** @throws {SpreadError} `WORK_CHANGED` unless the person agrees. */
async function agree(
  { id, opened }: KeptWork,
  changes: string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const what = changes.join(", ");
  if (Deno.stdin.isTerminal() && Deno.stderr.isTerminal()) {
    terminal.say(
      `since it was opened in ${formatPath(opened!.worktree)}: ${what}`,
    );
    const answer = await terminal.ask(
      "Take it away all the same? [y/N] ",
      signal,
    );
    if (/^y(es)?$/i.test(answer.trim())) return;
  }
  throw new SpreadError(
    "WORK_CHANGED",
    `Nothing was taken away: since the work was opened, there are ${what}`,
    `Keep what you need, then add --force: claude-spread work undo ${id} --force`,
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
