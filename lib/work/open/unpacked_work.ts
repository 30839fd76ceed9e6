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
import { GitFailed, type StartGit, type StreamedGit } from "../../git/git.ts";
import type { GitHere, Repository } from "../../git/repository.ts";
import { cleanLine } from "../../text/clean_text.ts";
import { findPack } from "../bundle_head.ts";
import { inWords, unusable } from "../errors.ts";
import { collectLines, decodeLines, line } from "../git_lines.ts";
import { ScratchRepository } from "../scratch.ts";
import { type Difference, emptyTree } from "../tree_diff.ts";
import { readHeader, type WorkHeader } from "../work_file.ts";
import { explainMissing } from "./partial_clone.ts";
import { check, findActing, findCommon, requireBase } from "./checks.ts";
import { readFrom, unpack } from "./unpack.ts";

/**
 * Settings for differences in lines. A larger file counts as one that is not text, because git
 * needs a hundred times as much memory for short lines as they have bytes.
 */
const IN_LINES = ["-c", "core.bigFileThreshold=4m"];

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

/** Facts of work, which git finds in its commits. */
export interface WorkFacts {
  /** Number of commits. */
  commits: number;
  /** The newest of them. */
  subjects: WorkCommit[];
  files: WorkFile[];
  /**
   * Paths of files that act by themselves, and that the work changes or the receiver's checkout has
   * otherwise or not at all; first those which Claude Code obeys.
   */
  acting: string[];
}

/** Work whose objects are checked; disposing of it removes them again. */
export class UnpackedWork implements AsyncDisposable {
  private constructor(
    readonly header: WorkHeader,
    private readonly scratch: ScratchRepository,
    private readonly path: string,
    private readonly packStart: number,
    /** The commit with which the work is compared; `null` when the two histories share none. */
    private readonly from: string | null,
    /** Files of the work that differ from that commit's. */
    private readonly differences: Difference[],
    private readonly acting: string[],
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
      const isFolding = await foldsNames(repository);
      const differences = await check(scratch, from, header, isFolding);
      const acting = await findActing(
        repository,
        scratch,
        header.work,
        differences,
      );
      stack.move();
      return new UnpackedWork(
        header,
        scratch,
        path,
        packStart,
        from,
        differences,
        acting,
      );
    } catch (error) {
      const explained = await explainMissing(error, repository);
      throw unused(explained);
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

  /**
   * Tells its commits and files.
   *
   * @throws {SpreadError} `WORK_REFUSED` when git cannot tell.
   */
  async facts(): Promise<WorkFacts> {
    try {
      return await this.#facts();
    } catch (error) {
      throw unused(error);
    }
  }

  async #facts(): Promise<WorkFacts> {
    const { differences, acting } = this;
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
      acting,
    };
  }

  /**
   * Shows all changes as a patch, in git's own form: not cleaned.
   *
   * @throws {SpreadError} `WORK_UNUSABLE` when git cannot show them, such as those of a new file of
   *   more than 512 MiB.
   */
  async *patch(): AsyncGenerator<Bytes> {
    try {
      yield* this.#patch();
    } catch (error) {
      if (!(error instanceof GitFailed)) throw error;
      throw unusable(
        "Cannot show all changes: git cannot compare the files",
        "Look at the list of files alone, with --summary",
        error,
      );
    }
  }

  #patch(): AsyncGenerator<Bytes> {
    const { work } = this.header;
    return this.git(
      ...IN_LINES,
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
        ...IN_LINES,
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
    return Number(
      await line(
        this.git("rev-list", "--count", ...this.#range, "--").output(),
      ),
    );
  }

  async #readSubjects(): Promise<WorkCommit[]> {
    if (this.#range.length === 0) return [];
    const lines = await collectLines(
      this.git(
        "-c",
        "i18n.logOutputEncoding=UTF-8",
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

/** An error in words for the receiver. */
function unused(error: unknown): unknown {
  return inWords(
    error,
    "WORK_REFUSED",
    "Cannot use the received work",
    "Ask the sender to share a smaller part of it",
  );
}

function count(digits: string | undefined): number | null {
  return digits === undefined || digits === "-" ? null : Number(digits);
}

/** Whether the disk of a checkout does not tell names apart that differ only in capitals. */
async function foldsNames({ git }: Repository<StreamedGit>): Promise<boolean> {
  const answer = await git("config", "--type=bool", "core.ignoreCase").answer();
  return answer?.trim() === "true";
}
