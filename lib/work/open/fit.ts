/**
 * Checks of whole trees of received work: they fit on a disk, and no name in them is one that some
 * disks take for a link. See docs/protocol.md, section 16.4.
 *
 * @module
 */

import type { SpreadError } from "../../errors.ts";
import type { StreamedGit } from "../../git/git.ts";
import type { GitHere } from "../../git/repository.ts";
import { cleanLine } from "../../text/clean_text.ts";
import { AS_FILE, refused, unusable } from "../errors.ts";
import { decodeLines } from "../git_lines.ts";
import { foldName, MODES } from "../tree_rules.ts";

/** Most files and folders of a tree. */
export const MAX_ENTRIES = 1_000_000;

/** Most bytes of its files together. */
const MAX_TREE_BYTES = 8 * 1024 ** 3;

/**
 * Refuses a tree that no disk holds: it may name the same small part a billion times.
 *
 * @returns Its links, by their folded names.
 * @throws {SpreadError} `WORK_REFUSED`.
 */
export async function requireFit(
  git: GitHere<StreamedGit>,
  tree: string,
): Promise<Map<string, string>> {
  const links = new Map<string, string>();
  let count = 0;
  let bytes = 0;
  // Folders count, too: a tree may consist of nothing else.
  const entries = git("ls-tree", "-r", "-t", "-l", "-z", "--full-tree", tree);
  for await (const entry of decodeLines(entries.output(), "\0")) {
    // mode type hash size TAB path
    const tab = entry.indexOf("\t");
    const about = entry.slice(0, tab);
    bytes += Number(about.split(/ +/)[3]) || 0;
    if (++count > MAX_ENTRIES || bytes > MAX_TREE_BYTES) throw tooLarge();
    if (!about.startsWith(MODES.link)) continue;
    const path = entry.slice(tab + 1);
    links.set(foldName(path), path);
  }
  return links;
}

/**
 * Refuses names that differ from others only in capitals or in how accents are composed, where one
 * of them is a link: what is below the other would be written to where the link leads. Where the
 * receiver's disk does not tell such names apart, refuses those of files, too. Names that are in the
 * receiver's history already do not count.
 *
 * @param links Links of the tree, by their folded names.
 * @param changed Changed files.
 * @param isFolding Whether the receiver's disk does not tell such names apart.
 * @throws {SpreadError} `WORK_REFUSED`; `WORK_UNUSABLE` for files.
 */
export async function requireApart(
  git: GitHere<StreamedGit>,
  tree: string,
  links: Map<string, string>,
  { changed, isFolding }: { changed: string[]; isFolding: boolean },
): Promise<void> {
  if (changed.length === 0 || links.size === 0 && !isFolding) return;
  const isNew = withFolders(changed);
  const files = new Map(
    isFolding ? changed.map((path) => [foldName(path), path]) : [],
  );
  const names = git(
    "ls-tree",
    "-r",
    "-t",
    "-z",
    "--full-tree",
    "--name-only",
    tree,
  );
  for await (const path of decodeLines(names.output(), "\0")) {
    const folded = foldName(path);
    const link = links.get(folded) ?? path;
    const isNewTwin = isNew.has(link) || isNew.has(path);
    if (link !== path && isNewTwin) throw twinOfLink(link, path);
    const file = files.get(folded) ?? path;
    if (file !== path) throw twins(file, path);
  }
}

/** Paths, and those of all folders around them. */
function withFolders(paths: string[]): Set<string> {
  const all = new Set<string>();
  for (let path of paths) {
    while (path !== "" && !all.has(path)) {
      all.add(path);
      path = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    }
  }
  return all;
}

function tooLarge(): SpreadError {
  return refused(
    `it unpacks to more than 8 GiB, or to more than ${MAX_ENTRIES} files`,
  );
}

function twinOfLink(link: string, path: string): SpreadError {
  return refused(
    `some disks take "${cleanLine(path, 80)}" in it for the link "${
      cleanLine(link, 80)
    }"`,
  );
}

function twins(one: string, other: string): SpreadError {
  return unusable(
    `Cannot open the work here: this disk cannot hold both "${
      cleanLine(one, 80)
    }" and "${cleanLine(other, 80)}"`,
    `Keep ${AS_FILE}, or ask the sender to rename one`,
  );
}
