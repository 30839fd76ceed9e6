/**
 * Unpacks the objects of received work, each of which git checks. See docs/protocol.md,
 * section 16.4.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import type { StreamedGit } from "../../git/git.ts";
import type { GitHere } from "../../git/repository.ts";
import { refused } from "../errors.ts";
import { collectLines, drain } from "../git_lines.ts";
import type { ScratchRepository } from "../scratch.ts";
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

/** Makes sure that the commit `work` stands on `staged`, and `staged` on `head`. */
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
