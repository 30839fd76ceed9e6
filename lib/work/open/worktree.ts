/**
 * Work trees of received work: made beside the checkout, on a branch of their own, and taken away.
 * The checkout, its branches and its index stay as they are.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import { GitFailed, type StreamedGit } from "../../git/git.ts";
import type { GitHere, Repository } from "../../git/repository.ts";
import { WORK_REFS } from "../bundle_head.ts";
import { inWords } from "../errors.ts";
import { decodeLines, drain } from "../git_lines.ts";
import { HERE_ONLY } from "../scratch.ts";
import { refFor, removeWorktree, safely } from "./take_away.ts";
import type { UnpackedWork } from "./unpacked_work.ts";

/** Most names that are tried for a work tree or a branch. */
const MAX_TRIES = 20;

/** A work tree to be made. */
export interface WorktreePlan {
  /** ID of the work. */
  id: string;
  /** Folder of the work tree; `null` for one beside the checkout. */
  folder: string | null;
  /** Name for the folder beside the checkout, and for the branch; of `a-z 0-9 - _ .`. */
  name: string;
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
 *   `CANNOT_STORE`. Nothing of it stays then.
 */
export async function makeWorktree(
  repository: Repository<StreamedGit>,
  unpacked: UnpackedWork,
  plan: WorktreePlan,
): Promise<MadeWorktree> {
  const { head } = unpacked.header;
  if (head === null) {
    throw new SpreadError(
      "WORK_UNUSABLE",
      "Cannot open the work here: it has no commit, so there is nothing on which it could stand",
      "Keep the bundle as a file with claude-spread work save FILE",
    );
  }
  const git = repository.gitWith({ ...HERE_ONLY });
  const safe = await safely(git);
  const making = new Making(
    (...args) => git(...safe, ...args),
    repository.root,
    plan,
  );
  try {
    return await making.make(unpacked, head);
  } catch (error) {
    await making.takeBack();
    throw inWords(error, "WORK_UNUSABLE", "Cannot open the work");
  }
}

/** One work tree on its way. */
class Making {
  #made: MadeWorktree | null = null;
  #branch: string | null = null;

  constructor(
    private readonly git: GitHere<StreamedGit>,
    private readonly root: string,
    private readonly plan: WorktreePlan,
  ) {}

  async make(unpacked: UnpackedWork, head: string): Promise<MadeWorktree> {
    const { git } = this;
    const { staged, work } = unpacked.header;
    await drain(
      git("index-pack", "--stdin", "--fix-thin").output(unpacked.pack()),
    );
    for (const [name, hash] of namesFor(this.plan.id, { head, staged, work })) {
      await drain(git("update-ref", "--no-deref", name, hash).output());
    }
    const branch = await this.#makeBranch(head);
    const worktree = await this.#addWorktree(branch);
    const there = (...args: string[]) =>
      git(
        "-C",
        worktree,
        `--git-dir=${worktree}/.git`,
        `--work-tree=${worktree}`,
        ...args,
      );
    await drain(there("read-tree", "--reset", "-u", work).output());
    await drain(there("read-tree", "-m", staged).output());
    // What this says is which files are not staged.
    await there("update-index", "-q", "--refresh").answer();
    return { worktree, branch };
  }

  async #makeBranch(head: string): Promise<string> {
    const { name } = this.plan;
    for (let i = 1; i <= MAX_TRIES; i++) {
      const branch = `claude-spread/${name}${i === 1 ? "" : `-${i}`}`;
      const ref = `refs/heads/${branch}`;
      const none = "0".repeat(head.length);
      try {
        await drain(
          this.git(
            "update-ref",
            "--no-deref",
            "-m",
            "work opened",
            ref,
            head,
            none,
          )
            .output(),
        );
        this.#branch = branch;
        return branch;
      } catch (error) {
        if (!isTaken(error)) throw error;
      }
    }
    throw noPlace("its branch: all names are taken");
  }

  async #addWorktree(branch: string): Promise<string> {
    const { folder, name } = this.plan;
    for (let i = 1; i <= MAX_TRIES; i++) {
      const place = folder ??
        `${this.root}-${name}${i === 1 ? "" : `-${i}`}`;
      try {
        await drain(
          this.git(
            "worktree",
            "add",
            "--quiet",
            "--no-checkout",
            "--",
            place,
            branch,
          )
            .output(),
        );
        const worktree = await findWorktree(this.git, branch);
        // Whatever git says: nothing is written into the checkout itself.
        if (worktree === null || worktree === this.root) {
          throw new TypeError("git names no work tree of the new branch");
        }
        this.#made = { worktree, branch };
        return worktree;
      } catch (error) {
        if (!isTaken(error)) throw error;
        if (folder !== null) {
          throw noPlace("the folder exists, and is not empty");
        }
      }
    }
    throw noPlace("the folders beside the checkout are all taken");
  }

  /** Removes what was made before a failure; the checkout's own things stay. */
  async takeBack(): Promise<void> {
    const { git, plan } = this;
    const worktree = this.#made?.worktree ?? null;
    await removeWorktree(git, { id: plan.id, worktree, branch: this.#branch });
  }
}

/** The work tree that has a branch, as git names its root; `null` when none has. */
async function findWorktree(
  git: GitHere<StreamedGit>,
  branch: string,
): Promise<string | null> {
  const fields = decodeLines(
    git("worktree", "list", "--porcelain", "-z").output(),
    "\0",
  );
  let worktree: string | null = null;
  for await (const field of fields) {
    if (field.startsWith("worktree ")) worktree = field.slice(9);
    if (field === `branch refs/heads/${branch}`) return worktree;
  }
  return null;
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

/** Whether a name or folder is in use. */
function isTaken(error: unknown): boolean {
  return error instanceof GitFailed &&
    /already exists|reference already|cannot lock ref|exists; cannot create/
      .test(
        error.said,
      );
}

function noPlace(why: string): SpreadError {
  return new SpreadError(
    "WORK_UNUSABLE",
    `Cannot open the work: ${why}`,
    "Name another folder: claude-spread work open DIR",
  );
}
