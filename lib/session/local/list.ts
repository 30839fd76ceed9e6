/**
 * Lists of the sessions that Claude Code keeps, with a summary of each. Nothing is written here.
 *
 * @module
 */

import type { Surroundings } from "../../claude/config_folder.ts";
import { sessionFolders } from "../../claude/project_folders.ts";
import { type SessionSummary, summarise } from "./summary.ts";
import { everyProject, findTranscripts } from "./transcripts.ts";

/** Sessions that a list holds unless told otherwise: the ones used last. */
export const MAX_LISTED = 200;

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

/** A file may go while the list is made, or belong to somebody else. */
function nullIfUnreadable(error: unknown): null {
  if (error instanceof Error && "code" in error) return null;
  throw error;
}
