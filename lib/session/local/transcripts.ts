/**
 * Transcripts: the files in which Claude Code keeps sessions, `<uuid>.jsonl` in the folder
 * of their project. The file name decides; other modules read the contents.
 *
 * @module
 */

import { join } from "@std/path";
import type { Surroundings } from "../../claude/config_folder.ts";
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

/** Lists a folder; one that cannot be read counts as empty. */
async function listFolder(folder: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.map(({ name }) => name);
  } catch {
    return [];
  }
}
