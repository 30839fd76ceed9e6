/**
 * Variables of a process on a person's machine: nothing of this one but what Deno has
 * downloaded.
 *
 * @module
 */

import { denoFolder } from "./places.ts";

/** The folders of programs that every machine has, with the Deno that runs the tests. */
export const PROGRAMS: string = `${
  Deno.execPath().replace(/\/[^/]*$/, "")
}:/usr/bin:/bin`;

/**
 * The variables of a process whose home and state are in `folder`.
 *
 * @param more More of them; an empty one is taken away.
 */
export function environment(
  folder: string,
  more: Record<string, string> = {},
): Record<string, string> {
  const all = {
    PATH: PROGRAMS,
    DENO_DIR: denoFolder,
    HOME: `${folder}/home`,
    XDG_STATE_HOME: `${folder}/state`,
    NO_COLOR: "1",
    ...more,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}
