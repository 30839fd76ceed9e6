/**
 * The beginning of a bundle of git, read before git sees any of it: version, commits on which it
 * builds, and names.
 *
 * A bundle names as many branches as it likes. Work has three at most, and theirs are known.
 *
 * @module
 */

import type { SpreadError } from "../errors.ts";
import { refused } from "./errors.ts";
import { MAX_BASES, type WorkHeader } from "./work_file.ts";

/** Names in the bundle, under which the commits of the header are. */
export const WORK_REFS = {
  head: "refs/claude-spread/head",
  staged: "refs/claude-spread/staged",
  work: "refs/claude-spread/work",
} as const;

/** Longest beginning, in bytes. */
const MAX_HEAD_BYTES = 64 * 1024;

/** Most lines of it: signature, capabilities, commits and names. */
const MAX_LINES = MAX_BASES + 16;

/**
 * Finds where the pack begins in a file of work.
 *
 * @param start Position of the bundle in the file.
 * @throws {SpreadError} `WORK_REFUSED` when the bundle is not the one that the header describes.
 */
export async function findPack(
  path: string,
  start: number,
  header: WorkHeader,
): Promise<number> {
  const head = await readHead(path, start);
  const end = head.indexOf("\n\n");
  const lines = head.slice(0, end).split("\n");
  if (end === -1 || lines.length > MAX_LINES) {
    throw otherwise("its beginning is");
  }
  const signature = lines.shift();
  if (signature !== "# v2 git bundle" && signature !== "# v3 git bundle") {
    throw otherwise("its version is");
  }
  const format = header.work.length === 40 ? "sha1" : "sha256";
  const bases = new Set<string>();
  const refs = new Map<string, string>();
  for (const line of lines) {
    const [word, ...rest] = line.split(" ");
    if (line.startsWith("@")) {
      if (line !== `@object-format=${format}`) {
        throw otherwise("what it needs is");
      }
    } else if (line.startsWith("-")) bases.add(word!.slice(1));
    else refs.set(rest.join(" "), word!);
  }
  const count = lines.filter((line) => !line.startsWith("@")).length;
  // Named twice.
  if (count !== bases.size + refs.size) throw otherwise("its beginning is");
  requireBases(bases, header);
  requireRefs(refs, header);
  return start + end + 2;
}

async function readHead(path: string, start: number): Promise<string> {
  const bytes = new Uint8Array(MAX_HEAD_BYTES);
  using file = await Deno.open(path);
  await file.seek(start, Deno.SeekMode.Start);
  let length = 0;
  for (;;) {
    const count = await file.read(bytes.subarray(length));
    if (count === null || count === 0) break;
    length += count;
  }
  // A byte is a character, so that positions in the text are those in the file.
  return new TextDecoder("latin1").decode(bytes.subarray(0, length));
}

function requireBases(found: Set<string>, { base }: WorkHeader): void {
  const isSame = found.size === base.length &&
    base.every((hash) => found.has(hash));
  if (!isSame) throw otherwise("the commits on which it builds are");
}

function requireRefs(found: Map<string, string>, header: WorkHeader): void {
  const { head, staged, work } = header;
  const expected: [name: string, hash: string][] = [
    [WORK_REFS.staged, staged],
    [WORK_REFS.work, work],
  ];
  // Git names in a bundle only what is new in it.
  const isHeadNew = head !== null && !header.base.includes(head);
  if (isHeadNew) expected.push([WORK_REFS.head, head]);
  const isSame = found.size === expected.length &&
    expected.every(([name, hash]) => found.get(name) === hash);
  if (!isSame) throw otherwise("its names are");
}

/** The error for a bundle that differs from its description. @param part Of the bundle, with a verb. */
function otherwise(part: string): SpreadError {
  return refused(
    `${part} not what its description says`,
    "Ask the sender to share again",
  );
}
