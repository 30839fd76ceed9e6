/**
 * `work open`: received work in a work tree beside the checkout.
 *
 * @module
 */

import { resolve } from "@std/path";
import { SpreadError, usage } from "../../lib/errors.ts";
import type { GitProgram, StreamedGit } from "../../lib/git/git.ts";
import type { Repository } from "../../lib/git/repository.ts";
import { findChanges } from "../../lib/work/open/changes.ts";
import {
  type KeptWork,
  lockKept,
  type OpenedWork,
  writeKept,
} from "../../lib/work/open/kept.ts";
import { findOpenedHere, takeAway } from "../../lib/work/open/take_away.ts";
import { makeWorktree } from "../../lib/work/open/worktree.ts";
import type { UnpackedWork } from "../../lib/work/open/unpacked_work.ts";
import { cleanLine } from "../../lib/text/clean_text.ts";
import { formatPath } from "../cli/screen/format.ts";
import { workFolder } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";
import { takeBackOpening } from "./half_opened.ts";
import { cameWith, findItsRepository } from "./its_repository.ts";
import type { WorkAction } from "./options.ts";
import { closeReplaced } from "./replaced.ts";
import { findWork, openCheckout, startGit, unpack } from "./received_work.ts";
import { agreeToActing } from "./agree.ts";
import { sayFacts } from "./show.ts";

/** Opens received work; work that is open already is only named. */
export async function openWork(
  { id, folder, yes, project }: Extract<WorkAction, { action: "open" }>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  using _lock = await lockKept(workFolder(), signal);
  using git = startGit(signal);
  const found = await takeBackOpening(await findWork(id), git, false);
  const work = await withoutGone(found, git);
  if (work.opened !== undefined) return sayOpen(work, folder, terminal);
  const repository = await openCheckout(project, git);
  await using unpacked = await unpack(work, repository, git);
  const facts = await unpacked.facts();
  sayFacts(work.id, unpacked, facts, { terminal, isShort: true });
  if (!yes) {
    const again = ["--id", work.id, ...placeArgs(folder, project)].join(" ");
    await agreeToActing(facts.acting, { id: work.id, again }, terminal, signal);
  }
  const opened = await open(work, repository, unpacked, folder);
  sayOpened(work.id, opened, unpacked.header.root, terminal);
}

/** The folder and the checkout that the user has named, as a shell reads them. */
function placeArgs(folder: string | undefined, project: string): string[] {
  return [
    ...project === "." ? [] : ["--project", formatPath(project)],
    ...folder === undefined ? [] : [formatPath(resolve(folder))],
  ];
}

/** Makes the work tree and notes it; takes all of it back when that fails. */
async function open(
  work: KeptWork,
  repository: Repository<StreamedGit>,
  unpacked: UnpackedWork,
  folder: string | undefined,
): Promise<OpenedWork> {
  const { root: checkout } = repository;
  let noted = work;
  try {
    const made = await makeWorktree(repository, unpacked, {
      id: work.id,
      folder: folder === undefined ? null : resolve(folder),
      name: nameFor(work),
      note: async (branch) => {
        noted = { ...work, opening: { checkout, branch } };
        await writeKept(workFolder(), noted);
      },
    });
    const opened = { checkout, ...made, time: new Date().toISOString() };
    await writeKept(workFolder(), { ...work, opened });
    await closeReplaced(work, opened, repository);
    return opened;
  } catch (error) {
    // The signal that may have ended this must not end that.
    using git = startGit(new AbortController().signal);
    // What cannot be taken back now is noted, for the next command.
    await takeBackOpening(noted, git, true).catch(() => {});
    throw error;
  }
}

/** Forgets a work tree that somebody has removed by hand. */
async function withoutGone(
  work: KeptWork,
  git: GitProgram,
): Promise<KeptWork> {
  const { opened, ...closed } = work;
  if (opened === undefined) return work;
  const repository = await findItsRepository(work, git);
  if (repository !== null) {
    const here = await findOpenedHere(repository, { id: work.id, ...opened });
    if (here.worktree !== null && !here.worktree.isGone) return work;
    const came = await cameWith(work, repository);
    const how = { startGit: git.start, folder: workFolder() };
    const changes = came && await findChanges(repository, here, came, how);
    if (changes?.length !== 0) throw isGone(work.id, opened);
    await takeAway(repository, here);
  }
  await writeKept(workFolder(), closed);
  return closed;
}

function isGone(id: string, { worktree, branch }: OpenedWork): SpreadError {
  return new SpreadError(
    "WORK_CHANGED",
    `Cannot open the work again: its folder "${worktree}" is gone, but its branch ${branch} has commits that are nowhere else`,
    `Give that branch another name (git branch -m), or take the work away first: claude-spread work undo ${id}`,
  );
}

function sayOpened(
  id: string,
  opened: OpenedWork,
  senderRoot: string,
  terminal: Terminal,
): void {
  const worktree = formatPath(opened.worktree);
  const root = formatPath(cleanLine(senderRoot, 200));
  terminal.say(
    `opened in ${worktree}, on branch ${opened.branch}; your checkout stays as it was`,
    "opened",
    { id, ...opened, sender_root: senderRoot },
  );
  terminal.say(`the work tree corresponds to the sender's folder ${root}`);
  terminal.say(`to go on there: cd ${worktree}`);
  terminal.remark(`to take all of it away: claude-spread work undo ${id}`);
}

/** Names the place of work that is open already. */
export function sayOpen(
  { id, opened }: KeptWork,
  folder: string | undefined,
  terminal: Terminal,
): void {
  const { worktree, branch } = opened!;
  if (folder !== undefined && resolve(folder) !== worktree) {
    throw usage(
      `The work ${id} is open already, in "${worktree}"`,
      `Leave the folder out, or take the work away first: claude-spread work undo ${id}`,
    );
  }
  terminal.say(
    `the work ${id} is open already, in ${
      formatPath(worktree)
    }, on branch ${branch}`,
    "opened",
    { id, ...opened },
  );
}

/** A name for folder and branch, after the sender: `from-alex`. */
function nameFor({ from }: KeptWork): string {
  const [user = ""] = (from ?? "").split("@");
  const plain = user.normalize("NFKD").toLowerCase()
    .replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 32);
  return plain === "" ? "work" : `from-${plain}`;
}
