/**
 * Where Claude Code keeps what it knows of a person, and how it names a project there.
 *
 * Neither files are read here nor folders made. Found by experiment on version 2.1.197;
 * `testdata/claude_project_dirs.json` holds what it did.
 *
 * @module
 */

import { join, resolve } from "@std/path";

/** What a command is surrounded by, as Claude Code would see it. */
export interface Surroundings {
  /** The person's home folder. */
  home: string;
  /** The folder that the session was started in; may be a link. */
  cwd: string;
  /** Reads a variable of the environment. */
  env: (name: string) => string | undefined;
}

/** Longest name of a project's folder before it is cut, in UTF-16 units. */
const MAX_NAME_LENGTH = 200;

/** The configuration folder: `CLAUDE_CONFIG_DIR`, or `.claude` in the home folder. */
export function configFolder({ home, cwd, env }: Surroundings): string {
  const named = env("CLAUDE_CONFIG_DIR");
  // Taken as it stands, also when empty: the client expands no `~` here.
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
 * The name that the person gave the project's folder, whatever its path, or `null`.
 *
 * By `CLAUDE_CODE_PROJECT_DIR_NAME`; clients before 2.1.234 pay no attention to it, and
 * later ones only beside `CLAUDE_CONFIG_DIR`.
 */
export function givenProjectName({ env }: Surroundings): string | null {
  const name = env("CLAUDE_CODE_PROJECT_DIR_NAME") ?? "";
  const isPart = /^[\w.-]{1,255}$/.test(name) && !/^\.+$/.test(name);
  const isHeeded = env("CLAUDE_CONFIG_DIR") !== undefined &&
    isClientAtLeast([2, 1, 234], env("AI_AGENT") ?? "");
  return isPart && isHeeded ? name : null;
}

/** @param agent `claude-code_2-1-197_agent`, as the client names itself to what it runs. */
function isClientAtLeast(version: number[], agent: string): boolean {
  const match = /^claude-code_(\d+)-(\d+)-(\d+)/.exec(agent);
  // Not started by a client: the person will have one that knows what they set.
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
