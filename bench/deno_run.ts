/**
 * One of our own modules as a command line: the same Deno, a home of its own.
 *
 * @module
 */

import type { CommandLine } from "./process.ts";

/** How `bin/claude-spread` sets glibc's allocator. */
export const ALLOCATOR = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "4194304",
  MALLOC_TRIM_THRESHOLD_: "8388608",
};

/**
 * @param args Permissions, module and its arguments, as after `deno run`.
 * @param home Working directory and home folder.
 * @param denoDir Deno's cache, shared between runs: compiling is not what is measured.
 */
export function denoRun(
  args: readonly string[],
  home: string,
  denoDir: string,
  env: Record<string, string> = {},
): CommandLine {
  return {
    command: Deno.execPath(),
    args: ["run", "--quiet", ...args],
    cwd: home,
    env: {
      PATH: "/usr/bin:/bin",
      HOME: home,
      DENO_DIR: denoDir,
      // Once a day Deno asks dl.deno.land for its latest version.
      DENO_NO_UPDATE_CHECK: "1",
      // As `bin/claude-spread` does: a package.json around the plugin is none of its business.
      DENO_NO_PACKAGE_JSON: "1",
      ...env,
    },
  };
}
