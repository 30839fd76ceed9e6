/**
 * `--anonymous`: texts without the user's name in paths.
 *
 * @module
 */

import {
  type Anonymizer,
  anonymousPaths,
} from "../../../lib/text/anonymous_paths.ts";
import { homeFolder } from "../surroundings.ts";

/** Makes the function that changes a text as `--anonymous` says; without it nothing changes. */
export function anonymizerOf(
  { anonymous }: { anonymous: boolean },
): Anonymizer {
  if (!anonymous) return (text) => text;
  const names = ["USER", "USERNAME"].map((name) => Deno.env.get(name));
  return anonymousPaths(homeFolder() ?? "", names);
}
