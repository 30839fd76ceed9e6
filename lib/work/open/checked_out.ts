/**
 * Submodules that somebody has checked out in a work tree. Their repositories, which may have commits
 * of their own, are in the git folder of the work tree, and go with it.
 *
 * @module
 */

import type { StartGit, StreamedGit } from "../../git/git.ts";
import type { Repository } from "../../git/repository.ts";
import { collectLines, decodeLines, drain } from "../git_lines.ts";
import { HERE_ONLY, ScratchRepository } from "../scratch.ts";
import { MODES } from "../tree_rules.ts";

/**
 * Finds the submodules that are checked out, by git alone: we may not read every work tree. Git does
 * not look into them.
 *
 * @param how.folder Folder for a scratch repository.
 * @returns Their paths, from the root of the work tree.
 * @throws {GitFailed} When git fails; {SpreadError} `CANNOT_STORE`.
 */
export async function findCheckedOut(
  { git, gitWith, common, isSha256 }: Repository<StreamedGit>,
  { startGit, folder }: { startGit: StartGit<StreamedGit>; folder: string },
): Promise<string[]> {
  // Git compares the commit of a submodule with this one only if the submodule is checked out.
  const another = "1".repeat(isSha256 ? 64 : 40);
  const entries: string[] = [];
  const output = git("ls-files", "-s", "-z").output();
  for await (const entry of decodeLines(output, "\0")) {
    // mode hash stage TAB path
    if (!entry.startsWith(MODES.submodule)) continue;
    const path = entry.slice(entry.indexOf("\t") + 1);
    entries.push(`${MODES.submodule} ${another} 0\t${path}\0`);
  }
  if (entries.length === 0) return [];
  await using scratch = await ScratchRepository.make(
    folder,
    `${common}/objects`,
    { isSha256, startGit },
  );
  const there = gitWith({ ...HERE_ONLY, GIT_INDEX_FILE: scratch.index });
  const update = ["-c", "core.splitIndex=false", "update-index"];
  await drain(
    there(...update, "-z", "--index-info").output(entries.join("")),
  );
  const how = ["--name-only", "-z", "--ignore-submodules=dirty"];
  return await collectLines(
    there("diff-files", ...how, "--diff-filter=MT").output(),
    "\0",
  );
}
