/**
 * The sessions that Claude Code keeps: which there are, and where.
 *
 * A session is a transcript `<uuid>.jsonl` in its project's folder; the file name decides.
 * What stands in one is read by `summary.ts`. Nothing is written here.
 *
 * @module
 */

import { join } from "node:path";
import type { Surroundings } from "../../claude/config_folder.ts";
import {
  projectsFolder,
  sessionFolders,
} from "../../claude/project_folders.ts";
import { type SessionSummary, summarise } from "./summary.ts";

/** Sessions that a list holds unless told otherwise: the ones used last. */
export const MAX_LISTED = 200;

/** The client finds sessions of this name only: a UUID in lower case. */
const TRANSCRIPT =
  /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.jsonl$/;

/** A session on this machine. */
export interface LocalSession extends SessionSummary {
  /** Its transcript; what belongs to it stands beside, in a folder named by its id. */
  path: string;
}

/** Sessions, the one used last first. */
export interface SessionList {
  sessions: LocalSession[];
  /** Older ones that the limit left out. */
  omitted: number;
}

/** Which sessions to list. */
export interface ListOptions {
  /** Of every project; otherwise those that were started in `surroundings.cwd`. */
  all?: boolean;
  /** Most that are listed: {@linkcode MAX_LISTED} unless told otherwise. */
  limit?: number;
  signal?: AbortSignal;
}

/**
 * Lists sessions: conversations of a person, not those of subagents.
 *
 * Reads each transcript once, line by line, with a few MB of memory whatever their size.
 * Files that are no sessions, or cannot be read, are left out.
 *
 * @throws {SpreadError} `USAGE` when there is no folder `surroundings.cwd`; the signal's reason.
 */
export async function listSessions(
  surroundings: Surroundings,
  { all = false, limit = MAX_LISTED, signal }: ListOptions = {},
): Promise<SessionList> {
  const folders = all
    ? await everyProject(surroundings)
    : [(await sessionFolders(surroundings)).transcripts];
  const found = (await Promise.all(folders.map(findTranscripts))).flat();
  found.sort((a, b) => b.modified.getTime() - a.modified.getTime());
  const sessions: LocalSession[] = [];
  let looked = 0;
  for (const transcript of found) {
    if (sessions.length >= limit) break;
    looked++;
    const summary = await summarise(transcript, signal)
      .catch(nullIfUnreadable);
    if (summary !== null) sessions.push({ ...summary, path: transcript.path });
  }
  return { sessions, omitted: found.length - looked };
}

/** A file that may be a session. */
export interface Transcript {
  id: string;
  path: string;
  modified: Date;
  /** In bytes. */
  size: number;
}

/** The folders of all projects. */
export async function everyProject(
  surroundings: Surroundings,
): Promise<string[]> {
  const projects = projectsFolder(surroundings);
  const names = await listFolder(projects);
  return names.map((name) => join(projects, name));
}

/** Files in a project that may be sessions. */
export async function findTranscripts(folder: string): Promise<Transcript[]> {
  const found = await Promise.all(
    (await listFolder(folder)).map(async (name) => {
      const id = TRANSCRIPT.exec(name)?.[1];
      if (id === undefined) return [];
      const path = join(folder, name);
      const info = await Deno.stat(path).catch(() => null);
      if (!info?.isFile || info.size === 0) return [];
      return [{
        id,
        path,
        modified: info.mtime ?? new Date(0),
        size: info.size,
      }];
    }),
  );
  return found.flat();
}

/** What cannot be listed holds nothing for us. */
async function listFolder(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.map(({ name }) => name);
  } catch {
    return [];
  }
}

/** A file may go while the list is made, or belong to somebody else. */
function nullIfUnreadable(error: unknown): null {
  if (error instanceof Error && "code" in error) return null;
  throw error;
}
