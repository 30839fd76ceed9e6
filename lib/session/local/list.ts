/**
 * Lists of the sessions that Claude Code keeps, with a summary of each. Writes no files.
 *
 * @module
 */

import type { Surroundings } from "../../claude/config_folder.ts";
import { sessionFolders } from "../../claude/project_folders.ts";
import {
  type SessionSummary,
  summarize,
  type SummaryOptions,
} from "./summary.ts";
import {
  findEveryTranscript,
  findTranscripts,
  nullIfUnreadable,
} from "./transcripts.ts";

/** Sessions in a list by default: the most recently used. */
export const MAX_LISTED = 200;

/** A session on this machine. */
export interface LocalSession extends SessionSummary {
  /** Its transcript; its other files are next to it, in a folder named after its id. */
  path: string;
}

/** Sessions, the most recently used first. */
export interface SessionList {
  sessions: LocalSession[];
  /** Number of older sessions that the limit left out. */
  omitted: number;
}

/** Options for a list. */
export interface ListOptions extends SummaryOptions {
  /** Whether to list sessions of every project; by default those started in `surroundings.cwd`. */
  all?: boolean;
  /** Most sessions listed; by default {@linkcode MAX_LISTED}. */
  limit?: number;
}

/**
 * Lists sessions: conversations of the user, not those of subagents.
 *
 * Reads each transcript once, line by line, with a few MB of memory whatever their size.
 * Leaves out files that are not sessions or cannot be read.
 *
 * @throws {SpreadError} `USAGE` when the folder `surroundings.cwd` does not exist;
 *   `PAYLOAD_UNREADABLE` when the folder of the sessions cannot be read; the signal's reason.
 */
export async function listSessions(
  surroundings: Surroundings,
  { all = false, limit = MAX_LISTED, ...how }: ListOptions,
): Promise<SessionList> {
  const found = all
    ? await findEveryTranscript(surroundings)
    : await findTranscripts((await sessionFolders(surroundings)).transcripts);
  found.sort((a, b) => b.modified.getTime() - a.modified.getTime());
  const sessions: LocalSession[] = [];
  let looked = 0;
  for (const transcript of found) {
    if (sessions.length >= limit) break;
    looked++;
    const summary = await summarize(transcript, how)
      .catch(nullIfUnreadable);
    if (summary !== null) sessions.push({ ...summary, path: transcript.path });
  }
  return { sessions, omitted: found.length - looked };
}
