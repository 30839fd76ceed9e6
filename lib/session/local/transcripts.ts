/**
 * Transcripts: the files in which Claude Code keeps sessions, `<uuid>.jsonl` in the folder
 * of their project. The file name decides; other modules read the contents.
 *
 * @module
 */

import { join } from "@std/path";
import type { Surroundings } from "../../claude/config_folder.ts";
import { isMissing, systemReason } from "../../errors.ts";
import { cannotRead } from "../../files/cannot_store.ts";
import { projectsFolder } from "../../claude/project_folders.ts";

/** Claude Code finds only sessions with such a name: a UUID in lower case. */
const TRANSCRIPT =
  /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.jsonl$/;

/** A file that may be a session. */
export interface Transcript {
  id: string;
  path: string;
  modified: Date;
  /** Size in bytes. */
  size: number;
}

/**
 * Files of every project that may be sessions, but not those of projects that belong to
 * another user.
 *
 * @throws {SpreadError} `PAYLOAD_UNREADABLE` when a folder cannot be read.
 */
export async function findEveryTranscript(
  surroundings: Surroundings,
): Promise<Transcript[]> {
  const projects = projectsFolder(surroundings);
  const found = await Promise.all(
    (await listFolder(projects)).map((name) =>
      findTranscripts(join(projects, name)).catch(noneIfNotPermitted)
    ),
  );
  return found.flat();
}

function noneIfNotPermitted(error: Error): Transcript[] {
  if (error.cause instanceof Deno.errors.PermissionDenied) return [];
  throw error;
}

/**
 * Files in a project that may be sessions; a link that leads to no file is left out.
 *
 * @throws {SpreadError} `PAYLOAD_UNREADABLE` when the folder cannot be read.
 */
export async function findTranscripts(folder: string): Promise<Transcript[]> {
  const found = await Promise.all(
    (await listFolder(folder)).map(async (name) => {
      const id = TRANSCRIPT.exec(name)?.[1];
      if (id === undefined) return [];
      const path = join(folder, name);
      const info = await Deno.stat(path).catch(nullIfUnreadable);
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

/** Turns an unreadable file into `null`: it may vanish meanwhile, or have another owner. */
export function nullIfUnreadable(error: unknown): null {
  if (systemReason(error) !== null) return null;
  throw error;
}

/** Lists a folder; a missing one counts as empty. */
async function listFolder(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.map(({ name }) => name);
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw cannotRead(folder, cause);
  }
}
