/**
 * Snapshots of a checkout as commits: one of its index, and one of its files on top of that. They
 * are made in a scratch repository, so that the checkout stays as it is, its index included.
 *
 * @module
 */

import type { StreamedGit } from "../../git/git.ts";
import type { Repository } from "../../git/repository.ts";
import { type Bytes, concatBytes } from "../../bytes.ts";
import { drain, line, rawFields } from "../git_lines.ts";
import { HERE_ONLY, type ScratchRepository } from "../scratch.ts";
import type { Changed } from "../status.ts";
import { MODES } from "../tree_rules.ts";

const TAB = 0x09;

/** Entries that go to git at once. */
const BATCH = 1000;

const decoder = new TextDecoder();

/** Name and address of the commits that are made. Nobody wrote them. */
const IDENTITY = {
  NAME: "claude-spread",
  EMAIL: "claude-spread@invalid",
};

/** Files of a snapshot that differ from the index, from the root of the checkout. */
export interface SnapshotFiles {
  /** Files that are to be as they are on the disk. */
  files: readonly string[];
  /** Files that are not there. */
  deleted: readonly string[];
}

/** Makes snapshots of one checkout. */
export class Snapshots {
  constructor(
    private readonly repository: Repository<StreamedGit>,
    private readonly scratch: ScratchRepository,
    private readonly how: {
      /** Hash of the commit of the checkout; `null` before the first one. */
      head: string | null;
      /** Arguments that turn off its filters. */
      filters: string[];
      /** Time of the commits. */
      created: Date;
    },
  ) {}

  /** Paths of the submodules in the index, once its tree is made. */
  submodules: string[] = [];

  /**
   * Makes the tree of the index; the index of the scratch repository holds the same from then on.
   *
   * @param changed Files that differ from the index; the index has some by name only.
   * @param held Files that are to be as in the commit, whatever the index has.
   * @throws {GitFailed} When git fails.
   */
  async stagedTree(
    changed: readonly Changed[],
    held: Iterable<string> = [],
  ): Promise<string> {
    const { repository, scratch } = this;
    await scratch.removeIndex();
    this.submodules = [];
    const intended = changed.filter(({ isIntended }) => isIntended === true);
    const unclear = changed.filter(({ isIntended }) =>
      isIntended === "unclear"
    );
    const asCommitted = [...pathsOf(unclear), ...held];
    const skipped = new Set([...pathsOf(intended), ...asCommitted]);
    const kept = entries(
      repository.git("ls-files", "-s", "-z").output(),
      (path, isSubmodule) => {
        if (isSubmodule) this.submodules.push(path);
        return !skipped.has(path);
      },
    );
    await drain(
      scratch.git("update-index", "-z", "--index-info").output(kept),
    );
    await this.#putBack(asCommitted);
    return await this.#writeTree();
  }

  /**
   * Makes the tree of the files on the disk, and of the index where they are not named.
   *
   * @throws {GitFailed} When git fails.
   */
  async workTree({ files, deleted }: SnapshotFiles): Promise<string> {
    const { repository, scratch, how: { filters } } = this;
    await this.#remove(deleted);
    const git = repository.gitWith({
      ...HERE_ONLY,
      GIT_INDEX_FILE: scratch.index,
      GIT_OBJECT_DIRECTORY: scratch.objects,
    });
    const input = files.map((file) => `${file}\0`).join("");
    await drain(
      git(
        ...filters,
        // Git would refuse a file whose line ends change on the way.
        "-c",
        "core.safecrlf=false",
        "-c",
        "core.splitIndex=false",
        "-c",
        "core.untrackedCache=false",
        "-c",
        "index.sparse=false",
        "update-index",
        "-z",
        "--add",
        "--remove",
        "--replace",
        "--stdin",
      ).output(input),
    );
    return await this.#writeTree();
  }

  /**
   * Makes a commit of each tree, the second on top of the first.
   *
   * @throws {GitFailed} When git fails.
   */
  async commit(
    trees: { staged: string; work: string },
  ): Promise<{ staged: string; work: string }> {
    const { head } = this.how;
    const staged = await this.#commit(trees.staged, head, "Staged changes");
    const work = await this.#commit(trees.work, staged, "Other changes");
    return { staged, work };
  }

  /** Removes files without a look at the disk, where a link to a folder may be in their place. */
  async #remove(files: readonly string[]): Promise<void> {
    if (files.length === 0) return;
    const { noObject } = this.scratch;
    const input = files.map((file) => `0 ${noObject}\t${file}\0`).join("");
    await drain(
      this.scratch.git("update-index", "-z", "--index-info").output(input),
    );
  }

  /** Gives files the entries that they have in the commit. */
  async #putBack(files: readonly string[]): Promise<void> {
    const { head } = this.how;
    if (files.length === 0 || head === null) return;
    const { scratch } = this;
    const wanted = new Set(files);
    const found = entries(
      scratch.git("ls-tree", "-r", "-z", "--full-tree", head).output(),
      (path) => wanted.has(path),
    );
    await drain(
      scratch.git("update-index", "-z", "--index-info").output(found),
    );
  }

  async #writeTree(): Promise<string> {
    return await line(
      this.scratch.git("write-tree", "--missing-ok").output(),
    );
  }

  async #commit(
    tree: string,
    parent: string | null,
    message: string,
  ): Promise<string> {
    const date = `${Math.floor(this.how.created.getTime() / 1000)} +0000`;
    const env = Object.fromEntries(
      ["AUTHOR", "COMMITTER"].flatMap((role) => [
        [`GIT_${role}_NAME`, IDENTITY.NAME],
        [`GIT_${role}_EMAIL`, IDENTITY.EMAIL],
        [`GIT_${role}_DATE`, date],
      ]),
    );
    const parents = parent === null ? [] : ["-p", parent];
    return await line(
      this.scratch.gitWith(env)(
        "-c",
        "i18n.commitEncoding=UTF-8",
        "commit-tree",
        "--no-gpg-sign",
        ...parents,
        "-m",
        message,
        tree,
      ).output(),
    );
  }
}

function pathsOf(files: readonly Changed[]): string[] {
  return files.map(({ path }) => path);
}

/**
 * Entries of an index or a tree, as an index takes them, whose files are chosen. Git names each as
 * `mode … hash … TAB path NUL`, and its bytes go on as they are.
 */
async function* entries(
  output: AsyncIterable<Bytes>,
  isChosen: (path: string, isSubmodule: boolean) => boolean,
): AsyncGenerator<Bytes> {
  let batch: Bytes[] = [];
  for await (const entry of rawFields(output)) {
    const path = entry.subarray(entry.indexOf(TAB) + 1, -1);
    const mode = decoder.decode(entry.subarray(0, MODES.submodule.length));
    if (isChosen(decoder.decode(path), mode === MODES.submodule)) {
      batch.push(entry);
    }
    if (batch.length < BATCH) continue;
    yield concatBytes(...batch);
    batch = [];
  }
  if (batch.length > 0) yield concatBytes(...batch);
}
