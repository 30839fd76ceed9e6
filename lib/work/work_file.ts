/**
 * The payload that carries work: a line that describes it, then a bundle of git. See
 * docs/protocol.md, section 16.
 *
 * @module
 */

import * as v from "valibot";
import { utf8 } from "../bytes.ts";
import { SpreadError } from "../errors.ts";

/** Format that the first line states. */
export const WORK_FORMAT = "claude-spread/work";

/** Largest payload of work, in bytes. */
export const MAX_WORK_BYTES = 200 * 1024 * 1024;

/** Largest first line, in bytes. */
const MAX_HEADER_BYTES = 256 * 1024;

/** Most files that are left out by name, and most bytes of that; further ones are counted. */
const MAX_LEFT_OUT = 200;
const MAX_LEFT_OUT_BYTES = 128 * 1024;

/** Most commits on which a bundle may build. */
export const MAX_BASES = 100;

/** Reasons for which a file stays behind. */
export const LEFT_OUT_REASONS = [
  /** It holds what looks like a secret. */
  "secret",
  /** It is larger than an untracked file may be. */
  "large",
  /** It would make all untracked files together larger than they may be. */
  "total",
  /** It is a submodule, whose commits are in another repository. */
  "submodule",
  /** It is a repository of its own. */
  "repository",
  /** It goes through a filter, such as that of git LFS, which is a program. */
  "filter",
  /** It is a link that leads out of the checkout, or to git's own files. */
  "link",
  /** Its name cannot be used on every machine. */
  "name",
  /** Git is told to take it as unchanged: `--assume-unchanged`, `--skip-worktree`. */
  "overlooked",
  /** It vanished, or cannot be read. */
  "unreadable",
] as const;

/** A word of {@linkcode LEFT_OUT_REASONS}. */
export type LeftOutReason = typeof LEFT_OUT_REASONS[number];

/** Operations of git that may be under way, which do not come along. */
export const UNDER_WAY = [
  "merge",
  "rebase",
  "cherry-pick",
  "revert",
  "sparse checkout",
] as const;

const HashSchema = v.pipe(
  v.string(),
  v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/),
);

/** Text to show: no control characters, so that it cannot steer a terminal. */
function line(maxLength: number) {
  return v.pipe(v.string(), v.maxLength(maxLength), v.regex(/^\P{Cc}*$/u));
}

const LeftOutSchema = v.object({
  path: line(4096),
  reason: v.fallback(v.picklist(LEFT_OUT_REASONS), "unreadable"),
});

const CountSchema = v.pipe(v.number(), v.integer(), v.minValue(0));

const HeaderSchema = v.object({
  format: v.literal(WORK_FORMAT),
  version: v.literal(1),
  base: v.pipe(v.array(HashSchema), v.maxLength(MAX_BASES)),
  head: v.nullable(HashSchema),
  staged: HashSchema,
  work: HashSchema,
  roots: v.pipe(v.array(HashSchema), v.maxLength(8)),
  branch: v.optional(line(255)),
  project: line(255),
  root: line(4096),
  commits: CountSchema,
  files: CountSchema,
  left_out: v.pipe(v.array(LeftOutSchema), v.maxLength(MAX_LEFT_OUT)),
  left_out_more: CountSchema,
  under_way: v.pipe(
    v.array(v.string()),
    v.maxLength(16),
    v.transform((words) =>
      UNDER_WAY.filter((operation) => words.includes(operation))
    ),
  ),
});

/**
 * Description of work. `base`: the commits on which it builds, newest first; empty for a whole
 * history. `head`: the sender's commit, `null` before the first one. `staged`: a commit on top of
 * it with the sender's index; `work`: one on top of that with all other files. `roots`: first
 * commits of the history, by which a checkout of the same repository is known. `root`: the
 * sender's checkout, for paths in texts. `commits`: commits up to `head`; `files`: files not
 * committed.
 */
export type WorkHeader = v.InferOutput<typeof HeaderSchema>;

/** A file that stays behind. */
export type LeftOut = v.InferOutput<typeof LeftOutSchema>;

/** The first of the files that stay behind: as many as a description names. */
export function firstLeftOut(all: LeftOut[]): LeftOut[] {
  const named: LeftOut[] = [];
  let bytes = 0;
  for (const file of all.slice(0, MAX_LEFT_OUT)) {
    bytes += utf8(JSON.stringify(file)).length;
    if (bytes > MAX_LEFT_OUT_BYTES) break;
    named.push(file);
  }
  return named;
}

/** The first line of a payload of work. @throws {RangeError} When no receiver would read all of it. */
export function encodeHeader(header: WorkHeader): Uint8Array<ArrayBuffer> {
  const line = utf8(`${JSON.stringify(v.parse(HeaderSchema, header))}\n`);
  if (line.length > MAX_HEADER_BYTES) {
    throw new RangeError("The description of the work is too long");
  }
  return line;
}

/**
 * Reads the first line of a file of work.
 *
 * @returns The header, and the position of the bundle in the file.
 * @throws {SpreadError} `WORK_REFUSED` when it is not one, or of another version.
 */
export async function readHeader(
  path: string,
): Promise<{ header: WorkHeader; start: number }> {
  const bytes = new Uint8Array(MAX_HEADER_BYTES);
  let length = 0;
  {
    using file = await Deno.open(path);
    while (length < bytes.length && !bytes.subarray(0, length).includes(0x0a)) {
      const count = await file.read(bytes.subarray(length));
      if (count === null) break;
      length += count;
    }
  }
  const end = bytes.subarray(0, length).indexOf(0x0a);
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const text = decoder.decode(bytes.subarray(0, end === -1 ? length : end));
    return { header: v.parse(HeaderSchema, JSON.parse(text)), start: end + 1 };
  } catch (cause) {
    throw new SpreadError(
      "WORK_REFUSED",
      "Cannot use the received work: its description is broken, or of another version",
      "Update the older of the two machines, and ask the sender to share again",
      { cause },
    );
  }
}
