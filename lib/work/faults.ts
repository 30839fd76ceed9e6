/**
 * Files of work that nobody could open without harm, found by the rules of `tree_rules.ts`.
 *
 * @module
 */

import { readObjects } from "./objects.ts";
import type { ScratchRepository } from "./scratch.ts";
import type { Difference } from "./tree_diff.ts";
import { MODES, nameFault, staysInside } from "./tree_rules.ts";

/** A file that the receiver would refuse. */
export interface Fault {
  path: string;
  reason: "name" | "link";
  why: string;
}

/** Finds files with names or links that lead elsewhere. */
export async function findFaults(
  { git }: Pick<ScratchRepository, "git">,
  differences: Difference[],
): Promise<Fault[]> {
  const there = differences.filter(({ mode }) => mode !== MODES.none);
  const faults: Fault[] = [];
  for (const { path } of there) {
    const why = nameFault(path);
    if (why !== null) faults.push({ path, reason: "name", why });
  }
  const links = there.filter(({ mode }) => mode === MODES.link);
  const hashes = links.map(({ hash }) => hash);
  let i = 0;
  for await (const { bytes, size } of readObjects(git, hashes, 4096)) {
    const { path } = links[i++]!;
    const target = new TextDecoder().decode(bytes);
    if (size > bytes.length || !staysInside(path, target)) {
      const why = "it is a link that leads out of the checkout";
      faults.push({ path, reason: "link", why });
    }
  }
  return faults;
}
