/**
 * What Claude Code would see where a command runs.
 *
 * @module
 */

import type { Surroundings } from "../../lib/claude/config_folder.ts";
import { SpreadError } from "../../lib/errors.ts";

/**
 * The person's home, the project and the environment.
 *
 * @param project The folder that the session was started in; by default this one.
 * @throws {SpreadError} `USAGE` when no home folder is set.
 */
export function claudeSurroundings(project?: string): Surroundings {
  const home = Deno.env.get("HOME") ||
    (Deno.build.os === "windows" ? Deno.env.get("USERPROFILE") : undefined);
  if (!home) {
    throw new SpreadError(
      "USAGE",
      "Cannot tell where Claude Code keeps its files: there is no home folder",
      "Set HOME (on Windows: USERPROFILE)",
    );
  }
  return {
    home,
    cwd: project ?? Deno.cwd(),
    env: (name) => Deno.env.get(name),
  };
}
