/**
 * Checks Deno, which runs this command.
 *
 * @module
 */

import type { CheckFinding } from "../finding.ts";

/** The oldest Deno that runs our commands. */
const OLDEST = [2, 9] as const;

/** The running Deno. */
export interface RunningDeno {
  version: string;
  /** Its path. */
  path: string;
  /** Whether it is part of a compiled program. */
  isCompiled: boolean;
}

/** Says which Deno runs, and whether it is too old. */
export function checkDeno(
  { version, path, isCompiled }: RunningDeno,
): CheckFinding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  const fields = { version, path };
  const text = `${version}, ${isCompiled ? "inside" : "at"} ${path}`;
  if (!isOld) return { check: "deno", state: "ok", text, fields };
  return {
    check: "deno",
    state: "wrong",
    text: `${text}: claude-spread needs ${OLDEST.join(".")} or newer`,
    todo: "Update it: deno upgrade",
    fields,
  };
}
