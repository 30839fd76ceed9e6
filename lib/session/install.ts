/**
 * Installs a received session for Claude Code: whole or not at all, over nothing.
 *
 * It is rebuilt in a folder of its own beside the other sessions, and moved into place when
 * it is complete and on the disk, and an entry of it in the history too: first what belongs to it, then the
 * transcript, which is what makes the client see it.
 *
 * @module
 */

import { join } from "@std/path";
import type { Surroundings } from "../claude/config_folder.ts";
import { gitBranch } from "../claude/git_branch.ts";
import { sessionFolders } from "../claude/project_folders.ts";
import type { WrittenFile } from "./rebuild/line_file.ts";
import { rebuildSession, TRANSCRIPT } from "./rebuild/rebuild.ts";
import {
  type InstalledSession,
  removeInstalled,
  writeInstalled,
} from "./history.ts";
import type { SessionTally } from "./tally.ts";
import { cannotStore } from "../files/cannot_store.ts";

/** How a session is installed. */
export interface SessionInstallOptions {
  /** `cwd` is the project it is for. */
  surroundings: Surroundings;
  /** Folder of the history, which undoing needs. */
  history: string;
  now: Date;
  /** Who sent it, if that is known. */
  from?: string;
  /** Makes an id; one that is taken is not used. */
  newId?: () => string;
  signal?: AbortSignal;
}

/** A session that is there now. */
export interface InstallResult {
  /** What `claude --resume` takes. */
  id: string;
  /** Its transcript. */
  path: string;
  /** The project's folder. */
  project: string;
  title: string;
  tally: SessionTally;
}

/**
 * Rebuilds and installs the packed session in `file`, which stays as it is.
 *
 * @throws {SpreadError} `USAGE` when there is no such project, `SESSION_REFUSED`,
 *   `PAYLOAD_UNREADABLE`, `PAYLOAD_TOO_LARGE`, `CANNOT_STORE`; the signal's reason. Nothing
 *   of it then stays.
 */
export async function installSession(
  file: string,
  options: SessionInstallOptions,
): Promise<InstallResult> {
  const { surroundings, now, from, signal } = options;
  const { cwd, transcripts } = await sessionFolders(surroundings);
  await using folder = await SessionFolder.open(transcripts, now);
  const id = await folder.freeId(options.newId ?? (() => crypto.randomUUID()));
  const { title, tally, files } = await rebuildSession(file, folder.staging, {
    id,
    project: cwd,
    companions: join(transcripts, id),
    branch: await gitBranch(cwd),
    now,
    from,
  }, signal);
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
  // Before anything is in place: what is, can be undone, also when this is cut off.
  await writeInstalled(options.history, installed);
  const path = await folder.place(id, files).catch(async (error) => {
    await removeInstalled(options.history, id);
    throw error;
  });
  folder.keep();
  return { id, path, project: cwd, title, tally };
}

function nameInPlace({ name }: WrittenFile, id: string): string {
  return name === TRANSCRIPT ? `${id}.jsonl` : `${id}/${name}`;
}

/** What is left of an installation that was cut off is removed after this time, in milliseconds. */
const STALE_MS = 24 * 60 * 60 * 1000;

const STAGING = /^\.claude-spread-[0-9a-f-]{36}\.part$/;

/** The client's folder for the sessions of a project, with a place to build one in. */
class SessionFolder implements AsyncDisposable {
  #isKept = false;
  #companions: string | null = null;

  private constructor(
    private readonly path: string,
    /** Where files may be written; gone when this is disposed of. */
    readonly staging: string,
    /** Whether the folder was made now. */
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
    for (;;) {
      const id = newId();
      const isTaken = await exists(join(this.path, id)) ||
        await exists(join(this.path, `${id}.jsonl`));
      if (!isTaken) return id;
    }
  }

  /**
   * Moves what was built into place.
   *
   * @throws {SpreadError} `CANNOT_STORE`; nothing of it is then in place.
   */
  async place(id: string, files: WrittenFile[]): Promise<string> {
    const path = join(this.path, `${id}.jsonl`);
    try {
      if (files.length > 1) await this.#placeCompanions(id);
      await moveTo(join(this.staging, TRANSCRIPT), path);
      return path;
    } catch (cause) {
      await this.#removeCompanions();
      throw cannotStore(path, cause);
    }
  }

  async #placeCompanions(id: string): Promise<void> {
    const folder = join(this.path, id);
    await Deno.mkdir(folder, { mode: 0o700 });
    // From here on it is ours: one that had been there is nobody's to remove.
    this.#companions = folder;
    for (const name of ["subagents", "tool-results"]) {
      const from = join(this.staging, name);
      if (await exists(from)) await Deno.rename(from, join(folder, name));
    }
  }

  async #removeCompanions(): Promise<void> {
    if (this.#companions === null) return;
    await Deno.remove(this.#companions, { recursive: true });
  }

  /** Leaves the folder there, also if it was made now. */
  keep(): void {
    this.#isKept = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.staging, { recursive: true });
    // Not recursive: somebody may have put something there.
    if (this.isNew && !this.#isKept) {
      await Deno.remove(this.path).catch(() => {});
    }
  }
}

/** A hard link refuses to overwrite; not every file system has it. */
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
  for await (const { name } of Deno.readDir(folder)) {
    if (!STAGING.test(name)) continue;
    const { mtime } = await Deno.stat(join(folder, name));
    if (now.getTime() - (mtime?.getTime() ?? 0) > STALE_MS) {
      await Deno.remove(join(folder, name), { recursive: true });
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw cannotStore(path, error);
  }
}
