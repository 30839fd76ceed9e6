/**
 * Checks of received work, before anything of it reaches the receiver's repository. See
 * docs/protocol.md, section 16.4.
 *
 * @module
 */

import type { SpreadError } from "../../errors.ts";
import type { StreamedGit } from "../../git/git.ts";
import type { Repository } from "../../git/repository.ts";
import { cleanLine } from "../../text/clean_text.ts";
import { actsByItself, actsOnClaude } from "../acting_files.ts";
import { AS_FILE, refused, unusable } from "../errors.ts";
import { findFaults } from "../faults.ts";
import type { ScratchRepository } from "../scratch.ts";
import { type Difference, diffTrees } from "../tree_diff.ts";
import { requireApart, requireFit } from "./fit.ts";
import type { WorkHeader } from "../work_file.ts";

/** The newest commit that both sides had before; `null` when there is none. */
export async function findCommon(
  repository: Repository<StreamedGit>,
  { git }: ScratchRepository,
  { base, head }: WorkHeader,
): Promise<string | null> {
  if (base[0] !== undefined) return base[0];
  const here = await commitOf(repository);
  if (here === null || head === null) return null;
  return (await git("merge-base", here, head).answer())?.trim() ?? null;
}

/** Hash of the commit of a checkout; `null` before the first one. */
async function commitOf(
  { git }: Repository<StreamedGit>,
): Promise<string | null> {
  const answer = await git("rev-parse", "--verify", "-q", "HEAD").answer();
  return answer?.trim() ?? null;
}

/**
 * Finds the files of the work that act by themselves, unless they are both as in the commit with
 * which it is compared and as in the receiver's checkout. The sender chooses that commit among all
 * that the receiver has, also those that were only fetched.
 *
 * @param differences Files of the work that differ from that commit's.
 * @returns Their paths: first those which Claude Code obeys, because lists of them are cut.
 */
export async function findActing(
  repository: Repository<StreamedGit>,
  { git }: ScratchRepository,
  work: string,
  differences: Difference[],
): Promise<string[]> {
  const acts = ({ path, status }: Difference) =>
    status !== "D" && actsByItself(path);
  const here = await commitOf(repository);
  const all = [
    ...differences.filter(acts),
    ...await diffTrees(git, here, work, acts),
  ];
  const paths = [...new Set(all.map(({ path }) => path))];
  const { obeyed = [], others = [] } = Object.groupBy(
    paths,
    (path) => actsOnClaude(path) ? "obeyed" : "others",
  );
  return [...obeyed, ...others];
}

/**
 * Checks the files of all three commits, each of which may come to the disk.
 *
 * @param isFolding Whether the receiver's disk does not tell capitals apart.
 * @returns The files that differ.
 */
export async function check(
  { git }: ScratchRepository,
  from: string | null,
  { head, staged, work }: WorkHeader,
  isFolding: boolean,
): Promise<Difference[]> {
  const [links] = await Promise.all(
    [work, staged, head].filter((commit) => commit !== null)
      .map((commit) => requireFit(git, commit)),
  );
  const [differences, ...others] = await Promise.all([
    diffTrees(git, from, work),
    diffTrees(git, from, head ?? staged),
    diffTrees(git, head, staged),
  ]);
  const [fault] = await findFaults({ git }, [differences, ...others].flat());
  if (fault !== undefined) {
    throw refused(`"${cleanLine(fault.path, 80)}" in it: ${fault.why}`);
  }
  const changed = differences.filter(({ status }) => status !== "D")
    .map(({ path }) => path);
  await requireApart(git, work, links!, { changed, isFolding });
  return differences;
}

/**
 * Makes sure that the repository is the sender's, and has the commit on which the work builds.
 *
 * @throws {SpreadError} `WORK_UNUSABLE`.
 */
export async function requireBase(
  { git, isShallow }: Repository<StreamedGit>,
  { base, roots }: WorkHeader,
): Promise<void> {
  const asked = [...base, ...roots];
  const answer = await git("cat-file", "--batch-check").answer(
    asked.map((hash) => `${hash}\n`).join(""),
  );
  const isThere = (answer ?? "").trimEnd().split("\n")
    .map((line) => / commit \d+$/.test(line));
  const hasBase = base.length > 0 && base.every((_, i) => isThere[i]);
  if (hasBase) return;
  // A shallow clone does not know them.
  const isUnknown = roots.length === 0 && base.length > 0;
  const isSame = isUnknown || roots.some((_, i) => isThere[base.length + i]);
  if (isSame && base.length === 0) return;
  if (!isSame && isShallow) throw tooShallow();
  if (!isSame) {
    throw unusable(
      "Cannot open the work here: this is not a checkout of the same repository",
      `Go to one, or keep ${AS_FILE}`,
    );
  }
  throw unusable(
    `Cannot open the work: it builds on commit ${
      base[0]!.slice(0, 12)
    }, which this checkout does not have`,
    "Fetch it first (git fetch), then try again",
  );
}

function tooShallow(): SpreadError {
  return unusable(
    "Cannot open the work: this checkout has only the newest part of its history, and not the commit on which the work builds",
    "Fetch the rest first (git fetch --unshallow), then try again",
  );
}
