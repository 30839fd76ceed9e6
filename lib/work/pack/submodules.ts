/**
 * Submodules whose state does not come along: the commits and changes in them are in repositories
 * of their own.
 *
 * @module
 */

import { filtersOff } from "../../git/filters.ts";
import type { StartGit, StreamedGit } from "../../git/git.ts";
import { atRoot, openRepository } from "../../git/repository.ts";

/** Most submodules that are looked into. */
const MAX_SUBMODULES = 100;

/** Submodules that are looked into at once. */
const AT_ONCE = 4;

/**
 * Finds the submodules with changes that are not committed.
 *
 * @param root Root of the checkout around them.
 * @param paths Their paths from there.
 */
export async function findDirty(
  root: string,
  paths: readonly string[],
  startGit: StartGit<StreamedGit>,
): Promise<string[]> {
  const dirty: string[] = [];
  const waiting = paths.slice(0, MAX_SUBMODULES).values();
  const work = async () => {
    for (const path of waiting) {
      if (await isDirty(`${root}/${path}`, startGit)) dirty.push(path);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return dirty.sort();
}

async function isDirty(
  folder: string,
  startGit: StartGit<StreamedGit>,
): Promise<boolean> {
  // One that is not checked out has an empty folder, or none.
  const isThere = await Deno.lstat(`${folder}/.git`).then(
    () => true,
    () => false,
  );
  if (!isThere) return false;
  const opened = await openRepository(folder, startGit);
  if (opened === null) return false;
  const { git } = atRoot(opened);
  const filters = await filtersOff(git, ["--includes"]);
  if (filters === null) return true;
  const status = await git(
    ...filters,
    "status",
    "--porcelain",
    "--ignore-submodules=dirty",
  ).answer();
  return status !== "";
}
