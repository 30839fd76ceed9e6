/**
 * A command line that runs one of our modules: the same Deno, with a home folder of its own.
 *
 * @module
 */

import type { CommandLine } from "./process.ts";

/** glibc's allocator settings, as in `bin/claude-spread`. */
export const ALLOCATOR = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "4194304",
  MALLOC_TRIM_THRESHOLD_: "8388608",
};

/**
 * @param args Permissions, module and its arguments, as after `deno run`.
 * @param home Working directory and home folder.
 * @param denoDir Deno's cache, shared between runs, so that compilation is not measured.
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
      // As in `bin/claude-spread`: Deno must ignore a package.json in a folder above the plugin.
      DENO_NO_PACKAGE_JSON: "1",
      ...env,
    },
  };
}
