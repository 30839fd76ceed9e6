/**
 * The folder in which Claude Code keeps the memory of a project, and whether memory is on.
 *
 * Does not see settings from Claude Code's command line (`--settings`) or from
 * administrators; users who have such settings name the folder themselves. The folder may
 * not exist; nothing is created. Found by experiment on versions 2.1.197 and 2.1.332, which
 * follow the settings of a repository to any folder, once the user trusts it; whether that
 * is done here is for the caller to decide.
 *
 * @module
 */

import { isAbsolute, join, normalize } from "@std/path";
import * as v from "valibot";
import { SpreadError, systemReason } from "../errors.ts";
import { configFolder, type Surroundings } from "./config_folder.ts";
import { projectFolders } from "./project_folders.ts";

/** The setting or variable that decided on the folder. */
export type MemoryFolderOrigin =
  | "CLAUDE_COWORK_MEMORY_PATH_OVERRIDE"
  | "CLAUDE_CODE_REMOTE_MEMORY_DIR"
  | "local settings"
  | "project settings"
  | "user settings"
  | "project";

/** The memory of a project. */
export interface MemoryFolder {
  /** Absolute path, without a separator at its end. */
  path: string;
  origin: MemoryFolderOrigin;
  /**
   * The setting or variable that turns memory off, so that Claude Code reads none; `null`
   * when it is on.
   */
  off: string | null;
}

/** Largest settings file read, in bytes. */
const MAX_SETTINGS_BYTES = 4 * 1024 * 1024;

/** Shortest path that Claude Code accepts for a memory folder, in UTF-16 units. */
const MIN_PATH_LENGTH = 3;

const SettingsSchema = v.object({
  autoMemoryDirectory: v.fallback(v.optional(v.string()), undefined),
  autoMemoryEnabled: v.fallback(v.optional(v.boolean()), undefined),
});

type Settings = v.InferOutput<typeof SettingsSchema>;

/** Settings and their origin, strongest first. */
type Scopes = [origin: MemoryFolderOrigin, settings: Settings][];

/**
 * Finds the memory folder of the project in `surroundings.cwd`.
 *
 * @throws {SpreadError} `USAGE` when the working folder does not exist; `MEMORY_UNUSABLE` when
 *   settings may not be read.
 */
export async function findMemoryFolder(
  surroundings: Surroundings,
): Promise<MemoryFolder> {
  const scopes = await readScopes(surroundings);
  const off = whatTurnsOff(surroundings, scopes);
  const found = overriding(surroundings) ??
    fromSettings(surroundings, scopes) ?? await ofProject(surroundings);
  return { ...found, off };
}

type Found = Pick<MemoryFolder, "path" | "origin">;

function overriding({ env, home }: Surroundings): Found | null {
  const origin = "CLAUDE_COWORK_MEMORY_PATH_OVERRIDE";
  const path = usablePath(env(origin), home, { tilde: false });
  return path === null ? null : { path, origin };
}

/** The folder of the strongest scope that names one, even when its path cannot be used. */
function fromSettings({ home }: Surroundings, scopes: Scopes): Found | null {
  const decided = scopes.find(([, settings]) =>
    settings.autoMemoryDirectory !== undefined
  );
  if (decided === undefined) return null;
  const [origin, { autoMemoryDirectory }] = decided;
  const path = usablePath(autoMemoryDirectory, home, { tilde: true });
  return path === null ? null : { path, origin };
}

/** The folder in the configuration folder, or in the one that replaces it. */
async function ofProject(surroundings: Surroundings): Promise<Found> {
  const variable = "CLAUDE_CODE_REMOTE_MEMORY_DIR";
  const remote = surroundings.env(variable);
  if (!remote) {
    const { memory } = await projectFolders(surroundings);
    return { path: memory, origin: "project" };
  }
  const env = (name: string) =>
    name === "CLAUDE_CONFIG_DIR" ? remote : surroundings.env(name);
  const { memory } = await projectFolders({ ...surroundings, env });
  return { path: memory, origin: variable };
}

/** An absolute path, normalized, or `null` when Claude Code would not accept it. */
function usablePath(
  text: string | undefined,
  home: string,
  { tilde }: { tilde: boolean },
): string | null {
  if (!text || text.includes("\0")) return null;
  const isHome = tilde && /^~[/\\]/.test(text);
  const inside = isHome ? normalize(text.slice(2)) : "";
  // The home folder itself, or a folder around it, is never a memory folder.
  if (
    isHome &&
    (/^(?:\.[/\\]?)?$/.test(inside) || /^\.\.(?:[/\\]|$)/.test(inside))
  ) {
    return null;
  }
  const path = withoutSeparator(isHome ? join(home, inside) : normalize(text));
  const isShort = path.length < MIN_PATH_LENGTH || /^[a-z]:$/i.test(path);
  return isAbsolute(path) && !isShort ? path : null;
}

function withoutSeparator(path: string): string {
  return path.replace(/[/\\]+$/, "");
}

function whatTurnsOff({ env }: Surroundings, scopes: Scopes): string | null {
  if (isYes(env("CLAUDE_CODE_SIMPLE"))) return "CLAUDE_CODE_SIMPLE";
  const disabled = env("CLAUDE_CODE_DISABLE_AUTO_MEMORY");
  if (isYes(disabled)) return "CLAUDE_CODE_DISABLE_AUTO_MEMORY";
  if (isNo(disabled)) return null;
  const decided = scopes.find(([, settings]) =>
    settings.autoMemoryEnabled !== undefined
  );
  if (decided === undefined || decided[1].autoMemoryEnabled) return null;
  return `autoMemoryEnabled in ${decided[0]}`;
}

function isYes(value: string | undefined): boolean {
  return /^\s*(?:1|true|yes|on)\s*$/i.test(value ?? "");
}

function isNo(value: string | undefined): boolean {
  return /^\s*(?:0|false|no|off)\s*$/i.test(value ?? "");
}

/**
 * Reads the settings as Claude Code does: beside the working folder only, not at the root
 * of a repository.
 */
async function readScopes(surroundings: Surroundings): Promise<Scopes> {
  const { cwd } = surroundings;
  const own = join(cwd, ".claude", "settings.json");
  const users = join(configFolder(surroundings), "settings.json");
  // In the home folder, the user's settings are also those of the project.
  const isUsers = await isSameFile(own, users);
  const files: [MemoryFolderOrigin, string][] = [
    ["local settings", join(cwd, ".claude", "settings.local.json")],
    [isUsers ? "user settings" : "project settings", own],
    ["user settings", users],
  ];
  return await Promise.all(
    files.map(async ([origin, path]) =>
      [origin, await readSettings(path)] as Scopes[number]
    ),
  );
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  const paths = [a, b].map((path) => Deno.realPath(path).catch(() => path));
  const [first, second] = await Promise.all(paths);
  return first === second;
}

/**
 * Reads settings; a missing, damaged or unreadable file counts as empty, as for Claude Code.
 *
 * @throws {SpreadError} `MEMORY_UNUSABLE` when Claude Code may read the file and we may not:
 *   the memory may then be in another folder.
 */
async function readSettings(path: string): Promise<Settings> {
  try {
    const { size, isFile } = await Deno.stat(path);
    if (!isFile || size > MAX_SETTINGS_BYTES) return {};
    const text = (await Deno.readTextFile(path)).replace(/^\ufeff/, "");
    return v.parse(SettingsSchema, JSON.parse(text));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) return {};
    throw new SpreadError(
      "MEMORY_UNUSABLE",
      `Cannot find the memory: "${path}" may name its folder, but ${
        systemReason(cause)!.why
      }`,
      "Name the memory folder with --memory",
      { cause },
    );
  }
}
