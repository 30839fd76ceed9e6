/**
 * The uncommitted files that come along, and those that stay behind, each with its reason.
 *
 * @module
 */

import type { StreamedGit } from "../../git/git.ts";
import type { Repository } from "../../git/repository.ts";
import { collectLines } from "../git_lines.ts";
import { nameFault, staysInside } from "../tree_rules.ts";
import type { LeftOut, LeftOutReason } from "../work_file.ts";
import type { CheckoutState } from "./checkout_state.ts";
import type { SnapshotFiles } from "./snapshot.ts";

/** Largest untracked file, in bytes. */
const MAX_UNTRACKED_BYTES = 1024 * 1024;

/** Most bytes of all untracked files together. */
const MAX_ALL_UNTRACKED_BYTES = 20 * 1024 * 1024;

/** Files of a checkout, from its root. */
export interface ChosenFiles extends SnapshotFiles {
  leftOut: LeftOut[];
}

/**
 * Chooses among the files with changes that no commit has.
 *
 * @param own Folders of our own files, which nobody else gets, wherever they are.
 * @throws {GitFailed} When git fails.
 */
export async function chooseFiles(
  repository: Repository<StreamedGit>,
  { changed, untracked, overlooked }: CheckoutState,
  own: string[],
): Promise<ChosenFiles> {
  const filtered = await findFiltered(repository, [
    ...changed.map(({ path }) => path),
    ...untracked,
    ...overlooked,
  ]);
  const files: string[] = [];
  const deleted: string[] = [];
  const leftOut: LeftOut[] = [];
  let room = MAX_ALL_UNTRACKED_BYTES;
  const look = async (path: string, isTracked: boolean) => {
    const reason = filtered.has(path)
      ? "filter"
      : nameFault(path) !== null
      ? "name"
      : await faultOf(`${repository.root}/${path}`, path, isTracked);
    if (typeof reason === "string") return leftOut.push({ path, reason });
    if (reason > room) return leftOut.push({ path, reason: "total" });
    room -= reason;
    files.push(path);
  };
  for (const { path, isSubmodule, isDeleted } of changed) {
    if (isSubmodule) leftOut.push({ path, reason: "submodule" });
    else if (!isDeleted) await look(path, true);
    else if (nameFault(path) === null) deleted.push(path);
    else leftOut.push({ path, reason: "name" });
  }
  for (const path of untracked) {
    const file = `${repository.root}/${path}`;
    if (own.some((folder) => file.startsWith(`${folder}/`))) continue;
    if (path.endsWith("/")) leftOut.push({ path, reason: "repository" });
    else await look(path, false);
  }
  for (const path of overlooked) {
    const file = `${repository.root}/${path}`;
    if (!filtered.has(path) && await isThere(file)) files.push(path);
  }
  return { files, deleted, leftOut };
}

function isThere(file: string): Promise<boolean> {
  return Deno.lstat(file).then(({ isFile }) => isFile, () => false);
}

/** The reason why a file stays behind, or the bytes that it takes of what untracked files may. */
async function faultOf(
  file: string,
  path: string,
  isTracked: boolean,
): Promise<LeftOutReason | number> {
  try {
    const { isSymlink, isFile, size } = await Deno.lstat(file);
    if (isSymlink) {
      if (!staysInside(path, await Deno.readLink(file))) return "link";
    } else {
      // Git would give up on the whole for a pipe, or for a file that it may not read.
      if (!isFile) return "unreadable";
      (await Deno.open(file)).close();
    }
    if (isTracked) return 0;
    return size > MAX_UNTRACKED_BYTES ? "large" : size;
  } catch (error) {
    // It has gone just now.
    if (isTracked && error instanceof Deno.errors.NotFound) return 0;
    return "unreadable";
  }
}

/** Files that go through a filter. */
async function findFiltered(
  { git }: Repository<StreamedGit>,
  paths: string[],
): Promise<Set<string>> {
  const found = new Set<string>();
  if (paths.length === 0) return found;
  const names = paths.map((path) => `${path}\0`).join("");
  const fields = await collectLines(
    git("check-attr", "-z", "--stdin", "filter").output(names),
    "\0",
  );
  for (let i = 0; i + 2 < fields.length; i += 3) {
    const value = fields[i + 2]!;
    if (value !== "unspecified" && value !== "unset") found.add(fields[i]!);
  }
  return found;
}
