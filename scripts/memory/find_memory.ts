/**
 * Finds the memory of a project and checks that it may be changed there.
 *
 * @module
 */

import { basename, dirname, join, relative } from "@std/path";
import {
  configFolder,
  type Surroundings,
} from "../../lib/claude/config_folder.ts";
import {
  findMemoryFolder,
  type MemoryFolderOrigin,
} from "../../lib/claude/memory_folder.ts";
import {
  checkoutRoot,
  projectRoot,
  projectsFolder,
} from "../../lib/claude/project_folders.ts";
import { isMissing, SpreadError, systemReason } from "../../lib/errors.ts";
import { cleanLine } from "../../lib/text/clean_text.ts";
import { lstatIfThere } from "../../lib/files/obstacles.ts";
import { realDisk } from "../../lib/files/disk.ts";
import type { MemoryPlace } from "../../lib/memory/install/held_memory.ts";
import { claudeSurroundings } from "../cli/claude.ts";
import type { Terminal } from "../cli/terminal.ts";
import { fillRandom, realFolder, stateFolder } from "../cli/surroundings.ts";

/** A project's memory. */
export interface ProjectMemory extends MemoryPlace {
  /** Name of the project, for display. */
  project: string;
}

/** Origins that only the user can have chosen. */
const OWN_CHOICE = new Set<MemoryFolderOrigin>([
  "CLAUDE_COWORK_MEMORY_PATH_OVERRIDE",
  "CLAUDE_CODE_REMOTE_MEMORY_DIR",
  "user settings",
]);

/** Folders whose Markdown Claude Code takes for commands, agents and the like, in any project. */
const CONFIGURES =
  /[/\\]\.claude(?:$|[/\\](?:agents|commands|output-styles|rules|skills)(?:[/\\]|$))/i;

/**
 * Finds the memory of a project.
 *
 * @param named `project`: folder of the session; `memory`: the memory folder itself.
 * @throws {SpreadError} `USAGE`; `MEMORY_UNUSABLE` when the folder leads elsewhere.
 */
export async function findProjectMemory(
  named: { project?: string; memory?: string },
  terminal: Terminal,
): Promise<ProjectMemory> {
  const cwd = await realFolder(named.project ?? ".");
  const surroundings = { ...claudeSurroundings(), cwd };
  const root = await projectRoot(cwd);
  return {
    // The root of a disk has no name.
    project: dirname(root) === root ? "" : cleanLine(basename(root), 255),
    folder: await folderOf(named.memory, surroundings, root, terminal),
    state: stateFolder(),
    disk: realDisk,
    now: () => new Date(),
    fillRandom,
  };
}

async function folderOf(
  named: string | undefined,
  surroundings: Surroundings,
  root: string,
  terminal: Terminal,
): Promise<string> {
  const realPathOf = realPaths(surroundings.env("CLAUDE_SPREAD_REAL_PATHS"));
  if (named !== undefined) return await realPathOf(named);
  const { path, origin, off } = await findMemoryFolder(surroundings);
  if (off !== null) {
    terminal.warn(`Claude Code reads no memory here: ${off} turns it off`);
  }
  const real = await realPathOf(path);
  if (OWN_CHOICE.has(origin)) return real;
  const home = await realPathOf(surroundings.home);
  const isDefault = origin === "project";
  if (
    isDefault && isInside(real, await realPathOf(projectsFolder(surroundings)))
  ) return real;
  // Files there are commands, skills and agents, or other projects' memory and sessions.
  const config = await realPathOf(configFolder(surroundings));
  if (real === config || isInside(real, config) || CONFIGURES.test(real)) {
    throw astray(path, real, "into the configuration of Claude Code");
  }
  if (isDefault) {
    if (isInside(real, home) || isInside(real, root)) return real;
    throw astray(path, real, "out of the home folder");
  }
  if (isInside(real, await limitOf(surroundings.cwd, home))) return real;
  throw astray(path, real, "out of the project, whose own settings name it");
}

/**
 * The folder below which the settings that a repository brings may lead: its own. Where
 * somebody keeps the home folder itself in git, what lies in it is not one repository.
 */
async function limitOf(cwd: string, home: string): Promise<string> {
  const root = await checkoutRoot(cwd);
  return home === root || isInside(home, root) ? cwd : root;
}

function astray(path: string, real: string, where: string): SpreadError {
  return new SpreadError(
    "MEMORY_UNUSABLE",
    `Cannot use the memory in "${path}": it leads ${where}, to "${real}"`,
    `To use it, add --memory "${real}"; nothing was read or written`,
  );
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !/^\.\.[/\\]/.test(way) &&
    !/^[a-z]:/i.test(way);
}

/**
 * Resolves paths; parts that do not exist stay as named.
 *
 * @param told Pairs of lines, a path and its real path: the launcher looked them up, because Deno
 *   does not let this command see folders around memory.
 */
function realPaths(told = ""): (path: string) => Promise<string> {
  const lines = told.split("\n");
  const known = new Map<string, string>();
  for (let i = 0; i + 1 < lines.length; i += 2) {
    known.set(lines[i]!, lines[i + 1]!);
  }
  const resolve = async (path: string): Promise<string> => {
    try {
      return await Deno.realPath(path);
    } catch (cause) {
      if (await isLink(path)) throw leadsNowhere(path, cause);
      const real = known.get(path);
      if (real !== undefined) return real;
      if (cause instanceof Deno.errors.NotCapable) throw closed(path, cause);
      if (!isMissing(cause)) throw leadsNowhere(path, cause);
      const around = dirname(path);
      if (around === path) throw leadsNowhere(path, cause);
      return join(await resolve(around), basename(path));
    }
  };
  return resolve;
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstatIfThere(path))?.isSymlink ?? false;
  } catch {
    // Whoever resolves it says why it cannot be looked at.
    return false;
  }
}

function leadsNowhere(path: string, cause: unknown): SpreadError {
  return new SpreadError(
    "MEMORY_UNUSABLE",
    `Cannot use "${path}": ${
      isMissing(cause)
        ? "a link in it leads nowhere"
        : systemReason(cause)?.why ?? "it cannot be read"
    }`,
    isMissing(cause) ? "Check the path" : systemReason(cause)?.hint,
    { cause },
  );
}

function closed(path: string, cause: unknown): SpreadError {
  return new SpreadError(
    "MEMORY_UNUSABLE",
    `Cannot use the memory in "${path}": this command has no access to it`,
    `To use it, add --memory "${path}"; nothing was read or written`,
    { cause },
  );
}
