/**
 * The environment as Claude Code would see it from the folder of a command.
 *
 * @module
 */

import type { Surroundings } from "../../lib/claude/config_folder.ts";
import { SpreadError } from "../../lib/errors.ts";
import { homeFolder } from "./surroundings.ts";

/**
 * Returns the user's home folder, the project and the environment variables.
 *
 * @param project Folder in which the session was started; the current one by default.
 * @throws {SpreadError} `USAGE` when no home folder is set.
 */
export function claudeSurroundings(project?: string): Surroundings {
  const home = homeFolder();
  if (home === undefined) {
    throw new SpreadError(
      "USAGE",
      "Cannot find the files of Claude Code: the home folder is not set",
      "Set HOME (on Windows: USERPROFILE)",
    );
  }
  return {
    home,
    cwd: project ?? Deno.cwd(),
    env: (name) => Deno.env.get(name),
  };
}
