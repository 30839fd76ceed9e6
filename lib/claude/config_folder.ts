/**
 * The configuration folder of Claude Code, and the name of a project in it.
 *
 * Reads no files and creates no folders. Found by experiment on version 2.1.197;
 * `testdata/claude_project_dirs.json` holds the results.
 *
 * @module
 */

import { join, resolve } from "@std/path";

/** The environment of a command, as Claude Code would see it. */
export interface Surroundings {
  /** The user's home folder. */
  home: string;
  /** The folder in which the session was started; may be a link. */
  cwd: string;
  /** Reads an environment variable. */
  env: (name: string) => string | undefined;
}

/** Longest name of a project's folder before Claude Code cuts it, in UTF-16 units. */
const MAX_NAME_LENGTH = 200;

/** The configuration folder: `CLAUDE_CONFIG_DIR`, or `.claude` in the home folder. */
export function configFolder({ home, cwd, env }: Surroundings): string {
  const named = env("CLAUDE_CONFIG_DIR");
  // Used verbatim, even when empty: Claude Code does not expand `~` here.
  return named === undefined ? join(home, ".claude") : resolve(cwd, named);
}

/**
 * The folder name of a project.
 *
 * @param path Its real path. Different paths can give the same name.
 */
export function projectName(path: string): string {
  const name = path.replace(/[^A-Za-z0-9]/g, "-");
  if (name.length <= MAX_NAME_LENGTH) return name;
  const suffix = Math.abs(hash(path)).toString(36);
  return `${name.slice(0, MAX_NAME_LENGTH)}-${suffix}`;
}

/**
 * The name that the user gave the project's folder, whatever its path, or `null`.
 *
 * From `CLAUDE_CODE_PROJECT_DIR_NAME`. Claude Code before 2.1.234 ignores it, and later
 * versions use it only together with `CLAUDE_CONFIG_DIR`.
 */
export function givenProjectName({ env }: Surroundings): string | null {
  const name = env("CLAUDE_CODE_PROJECT_DIR_NAME") ?? "";
  const isPart = /^[\w.-]{1,255}$/.test(name) && !/^\.+$/.test(name);
  const isHeeded = env("CLAUDE_CONFIG_DIR") !== undefined &&
    isClientAtLeast([2, 1, 234], env("AI_AGENT") ?? "");
  return isPart && isHeeded ? name : null;
}

/**
 * @param agent `claude-code_2-1-197_agent`, as Claude Code names itself to its child
 *   processes.
 */
function isClientAtLeast(version: number[], agent: string): boolean {
  const match = /^claude-code_(\d+)-(\d+)-(\d+)/.exec(agent);
  // Not started by Claude Code: assume a version that knows the user's settings.
  if (match === null) return true;
  const parts = match.slice(1).map(Number);
  const differing = parts.findIndex((part, i) => part !== version[i]);
  return differing === -1 || parts[differing]! > version[differing]!;
}

/** `String.hashCode` of Java, over UTF-16 units. */
function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    value = (Math.imul(value, 31) + text.charCodeAt(i)) | 0;
  }
  return value;
}
