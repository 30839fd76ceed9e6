/**
 * A scratch repository: it sees all objects of another one, and what git makes or unpacks in it
 * never reaches that one.
 *
 * @module
 */

import type { GitHere } from "../git/repository.ts";
import { NO_PROGRAMS } from "../git/repository.ts";
import type { StartGit, StreamedGit } from "../git/git.ts";
import { cannotStore } from "../files/cannot_store.ts";
import { hasNoOwner, removeLeftOver } from "../files/leftovers.ts";

/** Prefix of the folders of scratch repositories. */
const PREFIX = "work-";

/** A repository in a folder of its own; disposing of it removes that. */
export class ScratchRepository implements AsyncDisposable {
  private constructor(
    /** Path of the folder. */
    readonly path: string,
    /** Hash that stands for no object. */
    readonly noObject: string,
    private readonly lock: Deno.FsFile,
    private readonly startGit: StartGit<StreamedGit>,
  ) {}

  /**
   * Makes one.
   *
   * @param folder Folder around it; created if it is missing.
   * @param objects Folder with the objects that it sees, as git names it.
   * @param isSha256 Whether objects are named by SHA-256.
   * @throws {SpreadError} `CANNOT_STORE`.
   */
  static async make(
    folder: string,
    objects: string,
    { isSha256, startGit }: {
      isSha256: boolean;
      startGit: StartGit<StreamedGit>;
    },
  ): Promise<ScratchRepository> {
    const path = `${folder}/${PREFIX}${crypto.randomUUID()}`;
    let lock: Deno.FsFile | undefined;
    try {
      await Deno.mkdir(`${path}/objects/info`, {
        recursive: true,
        mode: 0o700,
      });
      lock = await Deno.open(`${path}/lock`, {
        write: true,
        createNew: true,
      });
      lock.lockSync(true);
      await Deno.mkdir(`${path}/refs/claude-spread`, { recursive: true });
      await Deno.writeTextFile(`${path}/HEAD`, "ref: refs/heads/none\n");
      await Deno.writeTextFile(`${path}/config`, settings(isSha256));
      await Deno.writeTextFile(
        `${path}/objects/info/alternates`,
        `${quoted(objects)}\n`,
      );
      const noObject = "0".repeat(isSha256 ? 64 : 40);
      return new ScratchRepository(path, noObject, lock, startGit);
    } catch (cause) {
      lock?.close();
      await Deno.remove(path, { recursive: true }).catch(() => {});
      throw cannotStore(folder, cause);
    }
  }

  /** Starts git in it. */
  readonly git: GitHere<StreamedGit> = (...args) => this.gitWith({})(...args);

  /** Starts git in it with further variables. */
  gitWith(env: Record<string, string>): GitHere<StreamedGit> {
    return (...args) =>
      this.startGit(
        [`--git-dir=${this.path}`, "--no-pager", ...NO_PROGRAMS, ...args],
        { ...HERE_ONLY, GIT_INDEX_FILE: this.index, ...env },
      );
  }

  /** Path of its index. */
  get index(): string {
    return `${this.path}/index`;
  }

  /** Path of its objects. */
  get objects(): string {
    return `${this.path}/objects`;
  }

  /** Removes its index, if there is one. */
  async removeIndex(): Promise<void> {
    await Deno.remove(this.index).catch(() => {});
  }

  /**
   * Names a commit.
   *
   * @param name As `refs/claude-spread/NAME`.
   * @throws {SpreadError} `CANNOT_STORE`.
   */
  async name(name: string, hash: string): Promise<void> {
    try {
      await Deno.writeTextFile(`${this.path}/${name}`, `${hash}\n`);
    } catch (cause) {
      throw cannotStore(this.path, cause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lock.close();
    await Deno.remove(this.path, { recursive: true }).catch(() => {});
  }
}

/** Variables that keep git to the objects and commits of the repository that it is told. */
export const HERE_ONLY: Record<string, string> = {
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALTERNATE_OBJECT_DIRECTORIES: "",
  GIT_GRAFT_FILE: "",
  // Of an object that unpacks to more than this, git says so and ends.
  GIT_ALLOC_LIMIT: "512m",
};

/**
 * Removes what killed processes have left in `folder`. Folders of live processes stay, and so do
 * those that cannot be removed; this is best effort.
 */
export async function removeScratch(folder: string): Promise<void> {
  await removeLeftOver(
    folder,
    ({ name, isDirectory }, path) =>
      isDirectory && name.startsWith(PREFIX) &&
      hasNoOwner(path, `${path}/lock`),
  );
}

function settings(isSha256: boolean): string {
  const format = isSha256
    ? "\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n"
    : "\trepositoryformatversion = 0\n";
  return `[core]\n\tbare = true\n${format}`;
}

/** A path as git reads it in a list of folders. */
function quoted(path: string): string {
  const escaped = path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n");
  return `"${escaped}"`;
}
