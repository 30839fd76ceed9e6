/**
 * Installs a received session for Claude Code: whole or not at all, and never over another
 * one.
 *
 * The session is rebuilt in a folder of its own beside the other sessions. Once it is
 * complete and on the disk, and its history entry too, it is moved into place: first its
 * other files, then the transcript, which makes it visible to Claude Code.
 *
 * @module
 */

import { join } from "@std/path";
import type { Surroundings } from "../claude/config_folder.ts";
import { gitBranch } from "../claude/git_branch.ts";
import { sessionFolders } from "../claude/project_folders.ts";
import type { WrittenFile } from "./rebuild/line_file.ts";
import type { Move } from "./rebuild/path_rewriter.ts";
import { EARLIER, rebuildSession, TRANSCRIPT } from "./rebuild/rebuild.ts";
import {
  type InstalledSession,
  removeInstalled,
  writeInstalled,
} from "./history.ts";
import type { SessionTally } from "./tally.ts";
import { cannotStore } from "../files/cannot_store.ts";
import { syncFolder } from "../files/disk.ts";
import { removeLeftOver } from "../files/leftovers.ts";
import { lstatIfThere } from "../files/obstacles.ts";
import type { SecretCount } from "../secrets/places.ts";

/** Options for an installation. */
export interface SessionInstallOptions {
  /** `cwd` is the project to install into. */
  surroundings: Surroundings;
  /** Folder of the history, which undo needs. */
  history: string;
  now: Date;
  /** The sender, if known. */
  from?: string;
  /** The sender's checkout, and the work tree that stands for it here. */
  checkout?: Move;
  /** Makes an id; an id that is taken is not used. */
  newId?: () => string;
  signal?: AbortSignal;
}

/** An installed session. */
export interface InstallResult {
  /** The id for `claude --resume`. */
  id: string;
  /** Its transcript. */
  path: string;
  /** The project's folder. */
  project: string;
  title: string;
  tally: SessionTally;
  /** Secrets that it still holds, as far as the search finds them. */
  found: SecretCount[];
  /** The file with the messages before the last compaction, if there are any. */
  earlier: string | null;
}

/**
 * Rebuilds and installs the packed session in `file`, which stays unchanged.
 *
 * @throws {SpreadError} `USAGE` when the project does not exist, `SESSION_REFUSED`,
 *   `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`, `CANNOT_STORE`; the signal's reason. No
 *   trace of the session remains then, unless the system refuses to remove it.
 */
export async function installSession(
  file: string,
  options: SessionInstallOptions,
): Promise<InstallResult> {
  const { surroundings, now, from, checkout, signal } = options;
  const { cwd, transcripts } = await sessionFolders(surroundings);
  await using folder = await SessionFolder.open(transcripts, now);
  const id = await folder.freeId(options.newId ?? (() => crypto.randomUUID()));
  const rebuilt = await rebuildSession(file, folder.staging, {
    id,
    project: cwd,
    checkout,
    companions: join(transcripts, id),
    branch: await gitBranch(cwd),
    now,
    from,
  }, signal);
  const { title, tally, found, files } = rebuilt;
  const installed: InstalledSession = {
    version: 1,
    id,
    installed: now.toISOString(),
    title,
    project: cwd,
    folder: transcripts,
    made_folder: folder.isNew,
    files: files.map((file) => ({ ...file, name: nameInPlace(file, id) })),
  };
  // Before anything is in place, so that everything in place can be undone, even after an
  // interruption.
  await writeInstalled(options.history, installed);
  const path = await folder.place(id, files).catch(async (error) => {
    // What is still in place can be undone as long as the entry is there.
    const isClear = await folder.clear();
    if (isClear) await removeInstalled(options.history, id).catch(() => {});
    throw error;
  });
  folder.keep();
  const hasEarlier = files.some(({ name }) => name === EARLIER);
  const earlier = hasEarlier ? join(transcripts, id, EARLIER) : null;
  return { id, path, project: cwd, title, tally, found, earlier };
}

function nameInPlace({ name }: WrittenFile, id: string): string {
  return name === TRANSCRIPT ? `${id}.jsonl` : `${id}/${name}`;
}

/** Age, in milliseconds, at which traces of an interrupted installation are removed. */
const STALE_MS = 24 * 60 * 60 * 1000;

/** Ids tried: two random ones are never the same. */
const MAX_IDS = 100;

const STAGING = /^\.claude-spread-[0-9a-f-]{36}\.part$/;

/** Claude Code's folder for the sessions of a project, with a place to build one in. */
class SessionFolder implements AsyncDisposable {
  #isKept = false;
  #companions: string | null = null;

  private constructor(
    private readonly path: string,
    /** Folder for writing files; removed on disposal. */
    readonly staging: string,
    /** Whether the folder is new. */
    readonly isNew: boolean,
  ) {}

  /** @throws {SpreadError} `CANNOT_STORE`. */
  static async open(path: string, now: Date): Promise<SessionFolder> {
    const isNew = !await exists(path);
    const staging = join(path, `.claude-spread-${crypto.randomUUID()}.part`);
    try {
      await Deno.mkdir(staging, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw cannotStore(path, cause);
    }
    await removeStale(path, now);
    return new SessionFolder(path, staging, isNew);
  }

  async freeId(newId: () => string): Promise<string> {
    for (let attempt = 0; attempt < MAX_IDS; attempt++) {
      const id = newId();
      const isTaken = await exists(join(this.path, id)) ||
        await exists(join(this.path, `${id}.jsonl`));
      if (!isTaken) return id;
    }
    throw new RangeError("Every id is taken");
  }

  /**
   * Moves the rebuilt files into place.
   *
   * @throws {SpreadError} `CANNOT_STORE`; files of its folder may be in place then, the transcript is not.
   */
  async place(id: string, files: WrittenFile[]): Promise<string> {
    const path = join(this.path, `${id}.jsonl`);
    try {
      if (files.length > 1) await this.#placeCompanions(id, files);
      await moveTo(join(this.staging, TRANSCRIPT), path);
      await syncFolder(this.path);
      return path;
    } catch (cause) {
      throw cannotStore(path, cause);
    }
  }

  async #placeCompanions(id: string, files: WrittenFile[]): Promise<void> {
    const folder = join(this.path, id);
    await Deno.mkdir(folder, { mode: 0o700 });
    // From here on the folder is ours to remove; one that existed before would not be.
    this.#companions = folder;
    const names = new Set(files.map(({ name }) => name.split("/")[0]!));
    names.delete(TRANSCRIPT);
    for (const name of names) {
      await Deno.rename(join(this.staging, name), join(folder, name));
    }
    await syncFolder(folder);
  }

  /** Removes the files that are in place; returns whether none is left. */
  async clear(): Promise<boolean> {
    if (this.#companions === null) return true;
    return await Deno.remove(this.#companions, { recursive: true })
      .then(() => true, () => false);
  }

  /** Keeps the folder, even if it is new. */
  keep(): void {
    this.#isKept = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A folder that cannot be removed now is stale for a later installation.
    await Deno.remove(this.staging, { recursive: true }).catch(() => {});
    // Not recursive: someone may have put something into it.
    if (this.isNew && !this.#isKept) {
      await Deno.remove(this.path).catch(() => {});
    }
  }
}

/** Makes a hard link, which never overwrites; not every file system has them. */
async function moveTo(from: string, to: string): Promise<void> {
  try {
    await Deno.link(from, to);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists || await exists(to)) {
      throw error;
    }
    await Deno.rename(from, to);
  }
}

async function removeStale(folder: string, now: Date): Promise<void> {
  await removeLeftOver(folder, async ({ name }, path) => {
    if (!STAGING.test(name)) return false;
    const { mtime } = await Deno.stat(path);
    return now.getTime() - (mtime?.getTime() ?? 0) > STALE_MS;
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    return await lstatIfThere(path) !== null;
  } catch (error) {
    throw cannotStore(path, error);
  }
}
