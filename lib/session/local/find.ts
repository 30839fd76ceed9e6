/**
 * Sessions by their ids, in any project.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import type { Surroundings } from "../../claude/config_folder.ts";
import { sessionFolders } from "../../claude/project_folders.ts";
import { summarize, type SummaryOptions } from "./summary.ts";
import type { LocalSession } from "./list.ts";
import {
  findEveryTranscript,
  findTranscripts,
  type Transcript,
} from "./transcripts.ts";

/** Fewest characters accepted for an abbreviated id. */
export const MIN_ID_LENGTH = 8;

/**
 * Finds sessions by their ids, or by the beginnings of ids, in this order.
 *
 * An id that several projects have means the session of `surroundings.cwd`, or else the
 * most recently used one.
 *
 * @param ids Each of at least {@linkcode MIN_ID_LENGTH} characters.
 * @throws {SpreadError} `USAGE` when an id matches no session, or more than one; the
 *   signal's reason.
 */
export async function findSessions(
  surroundings: Surroundings,
  ids: string[],
  how: SummaryOptions,
): Promise<LocalSession[]> {
  const known = await knownTranscripts(surroundings);
  const found = new Map<string, LocalSession>();
  for (const id of ids) {
    const transcript = theOne(known, id.toLowerCase());
    const summary = await summarize(transcript, how);
    if (summary === null) throw noConversation(id);
    found.set(transcript.id, { ...summary, path: transcript.path });
  }
  return [...found.values()];
}

/** The best transcript for each id. */
async function knownTranscripts(
  surroundings: Surroundings,
): Promise<Map<string, Transcript>> {
  const { transcripts } = await sessionFolders(surroundings);
  const found = await findEveryTranscript(surroundings);
  found.sort((a, b) => a.modified.getTime() - b.modified.getTime());
  // Later transcripts replace earlier ones.
  const all = [...found, ...await findTranscripts(transcripts)];
  return new Map(all.map((transcript) => [transcript.id, transcript]));
}

function theOne(known: Map<string, Transcript>, id: string): Transcript {
  const matches = id.length < MIN_ID_LENGTH
    ? []
    : [...known.keys()].filter((each) => each.startsWith(id));
  if (matches.length === 1) return known.get(matches[0]!)!;
  throw new SpreadError(
    "USAGE",
    matches.length > 1
      ? `More than one session has an ID that begins with "${id}"`
      : `There is no session "${id}"`,
    "Find its ID with claude-spread sessions list --all",
  );
}

function noConversation(id: string): SpreadError {
  return new SpreadError(
    "USAGE",
    `There is no conversation in session "${id}"`,
    "Choose another session",
  );
}
