/**
 * Variables of a process on a person's machine: nothing of this one but what Deno has
 * downloaded.
 *
 * @module
 */

import { PROGRAMS } from "./first_run.ts";
import { denoFolder } from "./places.ts";

export { PROGRAMS };

/** Where a process runs. */
export interface Surroundings {
  /** Its folder, as the person went there. */
  work: string;
  /** Variables that say where the home is. */
  env: Readonly<Record<string, string>>;
}

/**
 * The variables of a process on a machine.
 *
 * @param more More of them; an empty one is taken away.
 */
export function environment(
  machine: Surroundings,
  more: Record<string, string> = {},
): Record<string, string> {
  const all = {
    PATH: PROGRAMS,
    DENO_DIR: denoFolder,
    NO_COLOR: "1",
    // As a shell has it, which keeps the links of the path.
    PWD: machine.work,
    ...machine.env,
    ...more,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}
