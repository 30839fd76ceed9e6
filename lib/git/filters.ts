/**
 * Filters of git, turned off. Git would otherwise start the programs that settings name for files
 * of some attributes: a project that came with its `.git` could run any program.
 *
 * @module
 */

import type { GitHere } from "./repository.ts";

/** A place of git's settings: one scope, or `--includes` for all of them. */
export type SettingsScope = "--local" | "--worktree" | "--includes";

/**
 * Arguments of git that turn off the filters named in some settings; `null` when one cannot be
 * turned off.
 *
 * @throws {Deno.errors.TimedOut} When git does not answer in time.
 */
export async function filtersOff(
  git: GitHere,
  scopes: SettingsScope[],
): Promise<string[] | null> {
  const names = ["--null", "--name-only", "--get-regexp", "^filter\\."];
  const own = await Promise.all(
    scopes.map((scope) => {
      const only = scope === "--includes" ? [] : [scope];
      return git("config", ...only, "--includes", ...names).answer();
    }),
  );
  const filters = own.join("\0").split("\0")
    .filter((key) => key !== "")
    .map((key) => key.slice(0, key.lastIndexOf(".")));
  // Git ends the name of a setting at the first `=`.
  if (filters.some((filter) => filter.includes("="))) return null;
  return [...new Set(filters)].flatMap((filter) =>
    ["clean=", "smudge=", "process=", "required=false"]
      .flatMap((setting) => ["-c", `${filter}.${setting}`])
  );
}
