/**
 * Received work, unpacked in a scratch repository beside the receiver's own, which stays as it is
 * until all of it is checked.
 *
 * The bundle comes from another machine. Git unpacks it without network, checks every object, and
 * runs nothing: no hook, no filter, no submodule.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import type { StartGit, StreamedGit } from "../../git/git.ts";
import type { GitHere, Repository } from "../../git/repository.ts";
import { cleanLine } from "../../text/clean_text.ts";
import { actsByItself } from "../acting_files.ts";
import { findPack } from "../bundle_head.ts";
import { inWords } from "../errors.ts";
import { collectLines, decodeLines, drain } from "../git_lines.ts";
import { findFaults } from "../faults.ts";
import { ScratchRepository } from "../scratch.ts";
import { type Difference, diffTrees, emptyTree } from "../tree_diff.ts";
import { MAX_WORK_BYTES, readHeader, type WorkHeader } from "../work_file.ts";

/** Most files of an opened work tree. */
const MAX_FILES = 1_000_000;

/** Most bytes of them together. */
const MAX_TREE_BYTES = 8 * 1024 ** 3;

/** Most commits that are shown by their subject. */
const MAX_SUBJECTS = 50;

/** A commit that came along. */
export interface WorkCommit {
  hash: string;
  /** Its first line, cleaned. */
  subject: string;
}

/** A file that the work changes, compared with the commit on which it builds. */
export interface WorkFile {
  path: string;
  status: Difference["status"];
  /** Lines; `null` for a file that is not text. */
  added: number | null;
  removed: number | null;
}

/** Facts of work, as git tells them of what is in it. */
export interface WorkFacts {
  /** Number of commits, and the newest of them. */
  commits: number;
  subjects: WorkCommit[];
  files: WorkFile[];
  /** Paths of changed files that act by themselves. */
  acting: string[];
}

/** Work whose objects are checked; disposing of it removes them again. */
export class UnpackedWork implements AsyncDisposable {
  private constructor(
    readonly header: WorkHeader,
    private readonly scratch: ScratchRepository,
    private readonly path: string,
    private readonly packStart: number,
    /** The commit with which it is compared; `null` when the two histories share none. */
    private readonly from: string | null,
    /** Files that differ from that. */
    private readonly differences: Difference[],
  ) {}

  /**
   * Unpacks and checks received work.
   *
   * @param path File of the payload.
   * @param folder Folder for scratch repositories.
   * @throws {SpreadError} `WORK_REFUSED` when it is broken or would do harm; `WORK_UNUSABLE` when
   *   the repository is another one, or lacks the commit on which the work builds; `CANNOT_STORE`.
   */
  static async open(
    path: string,
    { repository, startGit, folder }: {
      repository: Repository<StreamedGit>;
      startGit: StartGit<StreamedGit>;
      folder: string;
    },
  ): Promise<UnpackedWork> {
    const { header, start } = await readHeader(path);
    const packStart = await findPack(path, start, header);
    await requireBase(repository, header);
    const isSha256 = header.work.length === 64;
    const objects = `${repository.common}/objects`;
    await using stack = new AsyncDisposableStack();
    const scratch = stack.use(
      await ScratchRepository.make(folder, objects, { isSha256, startGit }),
    );
    try {
      await unpack(scratch, path, packStart, header);
      const from = await findCommon(repository, scratch, header);
      const differences = await check(scratch, from, header);
      stack.move();
      return new UnpackedWork(
        header,
        scratch,
        path,
        packStart,
        from,
        differences,
      );
    } catch (error) {
      throw inWords(error, "WORK_REFUSED", "Cannot use the received work");
    }
  }

  /** Starts git in the scratch repository. */
  get git(): GitHere<StreamedGit> {
    return this.scratch.git;
  }

  /** Bytes of the pack. */
  pack(): AsyncGenerator<Bytes> {
    return readFrom(this.path, this.packStart);
  }

  /** Tells what is in it. */
  async facts(): Promise<WorkFacts> {
    const { differences } = this;
    const [counts, commits, subjects] = await Promise.all([
      this.#countLines(),
      this.#countCommits(),
      this.#readSubjects(),
    ]);
    return {
      commits,
      subjects,
      files: differences.map(({ path, status }) => {
        const [added, removed] = counts.get(path) ?? [null, null];
        return { path, status, added, removed };
      }),
      acting: differences.map(({ path }) => path)
        .filter((path) => actsByItself(path)),
    };
  }

  /** Shows all changes as a patch, in git's own form: not cleaned. */
  patch(): AsyncGenerator<Bytes> {
    const { work } = this.header;
    return this.git(
      "diff-tree",
      "-p",
      "-r",
      "--no-color",
      "--no-renames",
      "--no-ext-diff",
      "--no-textconv",
      "--full-index",
      this.from ?? emptyTree(work),
      work,
      "--",
    ).output();
  }

  get #range(): string[] {
    const { base, head } = this.header;
    return head === null ? [] : [head, ...base.map((hash) => `^${hash}`)];
  }

  async #countLines(): Promise<Map<string, [number | null, number | null]>> {
    const counts = new Map<string, [number | null, number | null]>();
    const lines = decodeLines(
      this.git(
        "diff-tree",
        "-r",
        "-z",
        "--numstat",
        "--no-renames",
        "--no-ext-diff",
        "--no-textconv",
        this.from ?? emptyTree(this.header.work),
        this.header.work,
        "--",
      ).output(),
      "\0",
    );
    for await (const line of lines) {
      const [added, removed, ...path] = line.split("\t");
      counts.set(path.join("\t"), [count(added), count(removed)]);
    }
    return counts;
  }

  async #countCommits(): Promise<number> {
    if (this.#range.length === 0) return 0;
    const [line] = await collectLines(
      this.git("rev-list", "--count", ...this.#range, "--").output(),
      "\n",
    );
    return Number(line);
  }

  async #readSubjects(): Promise<WorkCommit[]> {
    if (this.#range.length === 0) return [];
    const lines = await collectLines(
      this.git(
        "rev-list",
        "--no-commit-header",
        "--format=%H %s",
        `--max-count=${MAX_SUBJECTS}`,
        ...this.#range,
        "--",
      ).output(),
      "\n",
    );
    return lines.map((line) => ({
      hash: line.split(" ", 1)[0]!,
      subject: cleanLine(line.slice(line.indexOf(" ") + 1), 200),
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scratch[Symbol.asyncDispose]();
  }
}

function count(digits: string | undefined): number | null {
  return digits === undefined || digits === "-" ? null : Number(digits);
}

/** Unpacks the objects, and checks each of them. */
async function unpack(
  { git }: ScratchRepository,
  path: string,
  packStart: number,
  header: WorkHeader,
): Promise<void> {
  await drain(
    git(
      // Larger objects are unpacked in pieces, unless they are made of differences.
      "-c",
      "core.bigFileThreshold=16m",
      "index-pack",
      "--stdin",
      "--fix-thin",
      "--strict",
      `--max-input-size=${MAX_WORK_BYTES}`,
    ).output(readFrom(path, packStart)),
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
async function findCommon(
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

/** Checks the files; returns those that differ. */
async function check(
  scratch: ScratchRepository,
  from: string | null,
  { head, staged, work }: WorkHeader,
): Promise<Difference[]> {
  const { git } = scratch;
  await requireFit(git, work);
  const differences = await diffTrees(git, from, work);
  const between = await diffTrees(git, head, staged);
  const [fault] = await findFaults(scratch, [...differences, ...between]);
  if (fault !== undefined) {
    throw refused(`"${cleanLine(fault.path, 80)}" in it: ${fault.why}`);
  }
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

/** Refuses a tree that no disk holds: it may name the same small part a billion times. */
async function requireFit(
  git: GitHere<StreamedGit>,
  work: string,
): Promise<void> {
  const entries = decodeLines(
    git("ls-tree", "-r", "-l", "-z", "--full-tree", work).output(),
    "\0",
  );
  let files = 0;
  let bytes = 0;
  for await (const entry of entries) {
    // mode type hash size TAB path
    bytes += Number(entry.split("\t", 1)[0]!.split(/ +/)[3]) || 0;
    if (++files > MAX_FILES || bytes > MAX_TREE_BYTES) {
      throw refused(
        "it unpacks to more than 8 GiB, or to more than 1000000 files",
      );
    }
  }
}

/**
 * Makes sure that the repository is the sender's, and has the commit on which the work builds.
 *
 * @throws {SpreadError} `WORK_UNUSABLE`.
 */
async function requireBase(
  { git }: Repository<StreamedGit>,
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
  const isSame = roots.some((_, i) => isThere[base.length + i]);
  if (isSame && base.length === 0) return;
  if (!isSame) {
    throw new SpreadError(
      "WORK_UNUSABLE",
      "Cannot open the work here: this is not a checkout of the same repository",
      "Go to one, or keep the bundle as a file with claude-spread work save FILE",
    );
  }
  throw new SpreadError(
    "WORK_UNUSABLE",
    `Cannot open the work: it builds on commit ${
      base[0]!.slice(0, 12)
    }, which this checkout does not have`,
    "Fetch it first (git fetch), then try again",
  );
}

async function* readFrom(
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

function refused(why: string): SpreadError {
  return new SpreadError(
    "WORK_REFUSED",
    `Cannot use the received work: ${why}`,
    "Ask the sender for it in another way",
  );
}
