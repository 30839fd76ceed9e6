/**
 * Work trees of received work: made beside the checkout, on a branch of their own, and taken away.
 * The checkout, its branches and its index stay as they are.
 *
 * @module
 */

import type { SpreadError } from "../../errors.ts";
import { GitFailed, type StreamedGit } from "../../git/git.ts";
import type { GitHere, Repository } from "../../git/repository.ts";
import { WORK_REFS } from "../bundle_head.ts";
import { AS_FILE, inWords, unusable } from "../errors.ts";
import { drain } from "../git_lines.ts";
import { HERE_ONLY } from "../scratch.ts";
import { explainMissing } from "./partial_clone.ts";
import { OPENED_BRANCHES, refFor, safely } from "./take_away.ts";
import { INDEX_PACK } from "./unpack.ts";
import { findWorktree } from "./worktrees.ts";
import type { UnpackedWork } from "./unpacked_work.ts";

/** Most names that are tried for a work tree or a branch. */
const MAX_TRIES = 20;

/** Beginning of the messages of errors. */
const CANNOT_OPEN = "Cannot open the work";

/** A work tree to be made. */
export interface WorktreePlan {
  /** ID of the work. */
  id: string;
  /** Folder of the work tree; `null` for one beside the checkout. */
  folder: string | null;
  /** Name for the folder beside the checkout, and for the branch; of `a-z 0-9 - _ .`. */
  name: string;
  /** Notes a branch before it is made, so that it can be taken back whatever happens. */
  note(branch: string): Promise<void>;
}

/** A work tree that was made. */
export interface MadeWorktree {
  /** Its root, as git names it. */
  worktree: string;
  branch: string;
}

/**
 * Opens work in a work tree: its commits on a branch, its staged changes staged, the others not.
 *
 * @param repository With git started at its root.
 * @throws {SpreadError} `WORK_UNUSABLE` when there is no place for it; `WORK_REFUSED`;
 *   `CANNOT_STORE`. What was made until then stays, for `takeBack()`.
 */
export async function makeWorktree(
  repository: Repository<StreamedGit>,
  unpacked: UnpackedWork,
  plan: WorktreePlan,
): Promise<MadeWorktree> {
  const { head } = unpacked.header;
  if (head === null) {
    throw unusable(
      "Cannot open the work here: it has no commit for a work tree to stand on",
      `Keep ${AS_FILE}`,
    );
  }
  const git = repository.gitWith({ ...HERE_ONLY });
  try {
    const safe = await safely(git, CANNOT_OPEN);
    const making = new Making(
      (...args) => git(...safe, ...args),
      repository,
      plan,
    );
    return await making.make(unpacked, head);
  } catch (error) {
    const explained = await explainMissing(error, repository);
    throw inWords(explained, "WORK_UNUSABLE", CANNOT_OPEN);
  }
}

/** One work tree on its way. */
class Making {
  constructor(
    private readonly git: GitHere<StreamedGit>,
    private readonly repository: Repository<StreamedGit>,
    private readonly plan: WorktreePlan,
  ) {}

  async make(unpacked: UnpackedWork, head: string): Promise<MadeWorktree> {
    const { git } = this;
    const { staged, work } = unpacked.header;
    const branch = await this.#makeBranch(
      head,
      () => drain(git(...INDEX_PACK).output(unpacked.pack())),
    );
    for (const [name, hash] of namesFor(this.plan.id, { head, staged, work })) {
      await drain(git("update-ref", "--no-deref", name, hash).output());
    }
    const worktree = await this.#addWorktree(branch);
    await this.#fill(worktree, { staged, work });
    return { worktree, branch };
  }

  /** @param unpack Brings the commit into the repository. */
  async #makeBranch(
    head: string,
    unpack: () => Promise<void>,
  ): Promise<string> {
    const prefix = await this.#findPrefix();
    for (let i = 1; i <= MAX_TRIES; i++) {
      const branch = `${prefix}${this.plan.name}${i === 1 ? "" : `-${i}`}`;
      if (await this.#hasBranch(branch)) continue;
      await this.plan.note(branch);
      await unpack();
      const none = "0".repeat(head.length);
      const ref = `refs/heads/${branch}`;
      const how = ["--no-deref", "-m", "work opened"];
      await drain(this.git("update-ref", ...how, ref, head, none).output());
      return branch;
    }
    throw noPlace(
      `the names for its branch are all taken, up to ${prefix}${this.plan.name}-${MAX_TRIES}`,
      "Delete some of these branches, or take other work away with claude-spread work undo",
    );
  }

  /** Beginning of the branch's name. Git has no branch in a folder that is itself a branch's name. */
  async #findPrefix(): Promise<string> {
    const isTaken = await this.#hasBranch(OPENED_BRANCHES);
    return `${OPENED_BRANCHES}${isTaken ? "-" : "/"}`;
  }

  async #hasBranch(name: string): Promise<boolean> {
    const ref = `refs/heads/${name}`;
    return await this.git("rev-parse", "--verify", "-q", ref).answer() !== null;
  }

  async #addWorktree(branch: string): Promise<string> {
    const { git, repository, plan: { folder, name } } = this;
    for (let i = 1; i <= MAX_TRIES; i++) {
      const place = folder ??
        `${repository.root}-${name}${i === 1 ? "" : `-${i}`}`;
      if (folder !== null) await this.#requireOutside(folder);
      const add = ["worktree", "add", "--quiet", "--no-checkout", "--"];
      try {
        await drain(git(...add, place, branch).output());
      } catch (error) {
        if (!isTaken(error)) throw error;
        if (folder === null) continue;
        throw noPlace("the folder exists, and is not empty", ANOTHER_FOLDER);
      }
      const worktree = await findWorktree(git, branch);
      // Whatever git says: nothing is written into the checkout itself.
      if (worktree === null || worktree === repository.root) {
        throw new TypeError("git names no work tree of the new branch");
      }
      // Links may lead there.
      await this.#requireOutside(worktree);
      return worktree;
    }
    throw noPlace(
      "the folders beside the checkout are all taken",
      ANOTHER_FOLDER,
    );
  }

  /** The checkout stays as it is: a work tree in it would be a new file there. */
  async #requireOutside(worktree: string): Promise<void> {
    const { root, common } = this.repository;
    const isInside = (folder: string) => worktree.startsWith(`${folder}/`);
    if (!isInside(root) && !isInside(common)) return;
    const ignored = ["check-ignore", "-q", "--", worktree];
    const isIgnored = isInside(root) && !isInside(common) &&
      await this.git(...ignored).answer() !== null;
    if (!isIgnored) {
      throw noPlace("the folder is in the checkout", ANOTHER_FOLDER);
    }
  }

  async #fill(
    worktree: string,
    { staged, work }: { staged: string; work: string },
  ): Promise<void> {
    const there = (...args: string[]) =>
      this.git(
        "-C",
        worktree,
        `--git-dir=${worktree}/.git`,
        `--work-tree=${worktree}`,
        ...args,
      );
    // Settings may name filters for some work trees or branches only.
    const safe = await safely(there, CANNOT_OPEN);
    await drain(there(...safe, "read-tree", "--reset", "-u", work).output());
    await drain(there(...safe, "read-tree", "-m", staged).output());
    // What this says is which files are not staged.
    await there(...safe, "update-index", "-q", "--refresh").answer();
  }
}

/** Names of the commits in the receiver's repository. */
function namesFor(
  id: string,
  hashes: Record<keyof typeof WORK_REFS, string>,
): [name: string, hash: string][] {
  return Object.entries(WORK_REFS).map(([key, name]) => [
    refFor(id, name),
    hashes[key as keyof typeof WORK_REFS],
  ]);
}

/** Whether a folder is in use. */
function isTaken(error: unknown): boolean {
  return error instanceof GitFailed &&
    /already (?:exists|registered)/.test(error.said);
}

const ANOTHER_FOLDER = "Name another folder: claude-spread work open DIR";

function noPlace(why: string, hint: string): SpreadError {
  return unusable(`${CANNOT_OPEN}: ${why}`, hint);
}
