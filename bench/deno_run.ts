/**
 * One of our own modules as a command line: the same Deno, a home of its own.
 *
 * @module
 */

import type { CommandLine } from "./process.ts";

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
      ...env,
    },
  };
}
