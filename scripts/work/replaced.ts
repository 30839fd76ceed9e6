/**
 * Work whose branch somebody has deleted by hand, and whose names went to other work.
 *
 * @module
 */

import type { StreamedGit } from "../../lib/git/git.ts";
import type { Repository } from "../../lib/git/repository.ts";
import {
  type KeptWork,
  type OpenedWork,
  readKept,
  writeKept,
} from "../../lib/work/open/kept.ts";
import { removeNames } from "../../lib/work/open/take_away.ts";
import { workFolder } from "../cli/surroundings.ts";
import { knows } from "./its_repository.ts";

/**
 * Notes of other work in the same repository that it is no longer open, if it claims the branch that
 * was just made: to undo it would take away the work that is there now.
 *
 * @throws {SpreadError} `CANNOT_STORE`.
 */
export async function closeReplaced(
  work: KeptWork,
  { branch }: OpenedWork,
  repository: Repository<StreamedGit>,
): Promise<void> {
  for (const other of await readKept(workFolder(), new Date())) {
    const { opened, ...closed } = other;
    if (other.id === work.id || opened?.branch !== branch) continue;
    if (!await knows(repository, other)) continue;
    await writeKept(workFolder(), closed);
    await removeNames(repository.git, other.id);
  }
}
