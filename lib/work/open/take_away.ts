/**
 * Taking opened work away: its work tree, its branch, and the names of its commits.
 *
 * @module
 */

import { filtersOff } from "../../git/filters.ts";
import type { StreamedGit } from "../../git/git.ts";
import type { GitHere, Repository } from "../../git/repository.ts";
import { oddFilter, unusable } from "../errors.ts";
import { WORK_REFS } from "../bundle_head.ts";
import { cleanLine } from "../../text/clean_text.ts";
import { HERE_ONLY } from "../scratch.ts";
import { listWorktrees, type Worktree } from "./worktrees.ts";

/** Beginning of the names of branches on which work is opened. */
export const OPENED_BRANCHES = "claude-spread";

/**
 * Arguments that keep git from running anything or following settings of others.
 *
 * @param what As in `inWords()`.
 * @throws {SpreadError} `WORK_UNUSABLE` for a filter that cannot be turned off.
 */
export async function safely(
  git: GitHere<StreamedGit>,
  what: string,
): Promise<string[]> {
  const filters = await filtersOff(git, ["--includes"]);
  if (filters === null) throw oddFilter(what);
  const settings = [
    "submodule.recurse=false",
    "core.sparseCheckout=false",
    "core.protectHFS=true",
    "core.protectNTFS=true",
    "core.logAllRefUpdates=true",
    "worktree.guessRemote=false",
    "checkout.workers=1",
    "advice.detachedHead=false",
  ].flatMap((setting) => ["-c", setting]);
  return [...filters, ...settings];
}

/** Work that was opened, as its repository knows it. */
export interface OpenedHere {
  id: string;
  worktree: Worktree | null;
  branch: string;
}

/**
 * Finds the work tree of opened work: by its root, or, if it was moved, by its branch. A work tree
 * at that root whose branch is one on which other work was opened is that of the other work.
 */
export async function findOpenedHere(
  { git }: Repository<StreamedGit>,
  { id, worktree, branch }: { id: string; worktree: string; branch: string },
): Promise<OpenedHere> {
  const all = await listWorktrees(git);
  const others = all.slice(1);
  const isOthers = (name = "") =>
    name !== branch && name.startsWith(OPENED_BRANCHES);
  const found =
    others.find((one) => one.root === worktree && !isOthers(one.branch)) ??
      others.find((one) => one.branch === branch) ?? null;
  return { id, worktree: found, branch };
}

/**
 * Takes an opened work tree away: its folder, its branch, and the names of its commits. A part that
 * is missing already is not a failure.
 *
 * @param repository With git started at its root.
 * @returns Whether the branch is gone; it stays while another work tree has it.
 * @throws {SpreadError} `WORK_UNUSABLE` when the folder cannot be removed.
 */
export async function takeAway(
  repository: Repository<StreamedGit>,
  { id, worktree, branch }: OpenedHere,
): Promise<boolean> {
  const git = await safeGit(repository);
  if (worktree !== null) await removeWorktree(git, worktree);
  await git("branch", "-D", "--", branch).answer();
  await removeNames(git, id);
  const ref = `refs/heads/${branch}`;
  return await git("rev-parse", "--verify", "-q", ref).answer() === null;
}

/** Work whose opening was cut short. */
export interface HalfOpened {
  id: string;
  branch: string;
  /** The commit at which the opening puts the branch; `null` when that is not known. */
  head: string | null;
}

/**
 * Finds the work tree of an opening that was cut short; `null` when there is none, or when the
 * branch is not as the opening makes it, and so somebody else's.
 */
export async function findHalfOpened(
  { git }: Pick<Repository<StreamedGit>, "git">,
  half: HalfOpened,
): Promise<Worktree | null> {
  if (!await isAsMade(git, half)) return null;
  const all = await listWorktrees(git);
  return all.slice(1).find(({ branch }) => branch === half.branch) ?? null;
}

/**
 * Takes back what an opening that was cut short has made. A branch that is not as the opening
 * makes it is somebody else's, and stays.
 *
 * @throws {SpreadError} `WORK_UNUSABLE` when the folder cannot be removed.
 */
export async function takeBack(
  repository: Repository<StreamedGit>,
  half: HalfOpened,
): Promise<void> {
  const git = await safeGit(repository);
  if (await isAsMade(git, half)) {
    const found = await findHalfOpened({ git }, half);
    if (found !== null) await removeWorktree(git, found);
    await git("branch", "-D", "--", half.branch).answer();
  }
  await removeNames(git, half.id);
}

async function isAsMade(
  git: GitHere<StreamedGit>,
  { branch, head }: HalfOpened,
): Promise<boolean> {
  const ref = `refs/heads/${branch}`;
  const there = await git("rev-parse", "--verify", "-q", ref).answer();
  return there !== null && there.trim() === head;
}

async function safeGit(
  repository: Repository<StreamedGit>,
): Promise<GitHere<StreamedGit>> {
  const git = repository.gitWith({ ...HERE_ONLY });
  const safe = await safely(git, "Cannot take the work away");
  return (...args) => git(...safe, ...args);
}

/** Removes a work tree, locked or not. */
async function removeWorktree(
  git: GitHere<StreamedGit>,
  { root, isGone }: Worktree,
): Promise<void> {
  const remove = ["worktree", "remove", "--force", "--force", "--", root];
  if (await git(...remove).answer() !== null) return;
  throw unusable(
    `Cannot remove the work tree "${cleanLine(root, 200)}"`,
    isGone
      ? "Move away what is in its place, then try again"
      : "Close the programs that use it, then try again",
  );
}

/** Removes the names of the commits of work. */
export async function removeNames(
  git: GitHere<StreamedGit>,
  id: string,
): Promise<void> {
  for (const name of Object.values(WORK_REFS)) {
    await git("update-ref", "--no-deref", "-d", refFor(id, name)).answer();
  }
}

/** A name in the bundle, as it is called in the receiver's repository. */
export function refFor(id: string, name: string): string {
  return name.replace("refs/claude-spread/", `refs/claude-spread/${id}/`);
}
