/**
 * Checks of received work, before anything of it reaches the receiver's repository. See
 * docs/protocol.md, section 16.4.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import type { SpreadError } from "../../errors.ts";
import type { StreamedGit } from "../../git/git.ts";
import type { GitHere, Repository } from "../../git/repository.ts";
import { cleanLine } from "../../text/clean_text.ts";
import { refused, unusable } from "../errors.ts";
import { findFaults } from "../faults.ts";
import { collectLines, drain } from "../git_lines.ts";
import type { ScratchRepository } from "../scratch.ts";
import { type Difference, diffTrees } from "../tree_diff.ts";
import { requireApart, requireFit } from "./fit.ts";
import { MAX_WORK_BYTES, type WorkHeader } from "../work_file.ts";

/** Arguments with which git unpacks received objects from its input. */
export const INDEX_PACK = [
  // Larger objects are unpacked in pieces, unless they are made of differences.
  "-c",
  "core.bigFileThreshold=16m",
  "index-pack",
  "--stdin",
  "--fix-thin",
  // Each thread may hold a few objects of the largest size.
  "--threads=2",
  `--max-input-size=${MAX_WORK_BYTES}`,
];

/** Unpacks the objects, and checks each of them. */
export async function unpack(
  { git }: ScratchRepository,
  path: string,
  packStart: number,
  header: WorkHeader,
): Promise<void> {
  await drain(
    git(...INDEX_PACK, "--strict").output(readFrom(path, packStart)),
  );
  await requireParents(git, header);
  // All that the commits need is there.
  const not = header.base.map((hash) => `^${hash}`);
  await drain(
    git("rev-list", "--objects", "--quiet", header.work, ...not, "--")
      .output(),
  );
}

/** The newest commit that both sides had before; `null` when there is none. */
export async function findCommon(
  repository: Repository<StreamedGit>,
  { git }: ScratchRepository,
  { base, head }: WorkHeader,
): Promise<string | null> {
  if (base[0] !== undefined) return base[0];
  const here = await repository.git("rev-parse", "--verify", "-q", "HEAD")
    .answer();
  if (here === null || head === null) return null;
  return (await git("merge-base", here.trim(), head).answer())?.trim() ?? null;
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

/** The commits that the sender has made stand on top of its own, one on the other. */
async function requireParents(
  git: GitHere<StreamedGit>,
  { head, staged, work }: WorkHeader,
): Promise<void> {
  const lines = await collectLines(
    git("rev-list", "--no-walk=unsorted", "--parents", staged, work, "--")
      .output(),
    "\n",
  );
  const expected = [
    head === null ? staged : `${staged} ${head}`,
    `${work} ${staged}`,
  ];
  if (lines.join("\n") !== expected.join("\n")) {
    throw refused("its commits are not those of its description");
  }
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
      "Go to one, or keep the bundle as a file with claude-spread work save FILE",
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

/** Reads a file from a position on. */
export async function* readFrom(
  path: string,
  start: number,
): AsyncGenerator<Bytes> {
  using file = await Deno.open(path);
  await file.seek(start, Deno.SeekMode.Start);
  const piece = new Uint8Array(256 * 1024);
  for (;;) {
    const count = await file.read(piece);
    if (count === null) return;
    yield piece.subarray(0, count);
  }
}
