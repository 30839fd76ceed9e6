/**
 * Packs the unfinished work of a checkout: the commits that nobody else has, the changes that no
 * commit has, and a description. The checkout stays as it is, byte for byte.
 *
 * @module
 */

import { FilePayload } from "../../files/payload/source.ts";
import type { StartGit, StreamedGit } from "../../git/git.ts";
import { filtersOff } from "../../git/filters.ts";
import {
  atRoot,
  openRepository,
  type Repository,
} from "../../git/repository.ts";
import type { Scanner } from "../../secrets/scanner.ts";
import { cleanLine } from "../../text/clean_text.ts";
import { inWords, oddFilter, requireGit, unusable } from "../errors.ts";
import { collectLines } from "../git_lines.ts";
import { HERE_ONLY, ScratchRepository } from "../scratch.ts";
import { findTwins } from "../tree_rules.ts";
import {
  firstLeftOut,
  type LeftOut,
  WORK_FORMAT,
  type WorkHeader,
} from "../work_file.ts";
import { type CheckoutState, readCheckout } from "./checkout_state.ts";
import { writeWork } from "./bundle.ts";
import { chooseFiles } from "./choose_files.ts";
import { type MayLeave, WorkPacking } from "./packing.ts";
import { Snapshots } from "./snapshot.ts";
import { findDirty } from "./submodules.ts";

/** Most files that are named as coming along. */
const MAX_COMING = 200;

/** Hint for more than can be sent. */
const LESS =
  "Make git ignore the files that a build makes (.gitignore), or leave --with-work out";

/** The way to pack. */
export interface WorkPackOptions {
  startGit: StartGit<StreamedGit>;
  /** Folder of payloads while they are shared. */
  folder: string;
  /** Folders of our own files, which nobody else gets, wherever they are. */
  own: string[];
  created: Date;
  /** Name of the project. */
  project: string;
  /** Changes a path of this machine before it leaves. */
  rename: (text: string) => string;
  /** Opens the search for secrets in the checkout with this root; throws where it may not leave. */
  openScanner: (root: string) => Promise<Scanner>;
  mayLeave: MayLeave;
  signal: AbortSignal;
}

/** Work that is ready to leave; disposing of it removes its file. */
export interface PackedWork extends AsyncDisposable {
  header: WorkHeader;
  payload: FilePayload;
  /** The first files that no commit has and that come along, by names that may be shown. */
  coming: string[];
  /** All files that stay behind, by names that may be shown. */
  leftOut: LeftOut[];
  /** Files whose names differ only in capitals: some disks cannot hold both. */
  twins: [string, string][];
  /** Whether only a part of it was searched for secrets. */
  isSearchCut: boolean;
}

/** Nothing to pack, but for what stays behind. */
export interface NoWork {
  header: null;
  leftOut: LeftOut[];
}

/**
 * Packs the work of the checkout that `folder` belongs to.
 *
 * @throws {SpreadError} `WORK_UNUSABLE` when there is no checkout, no git, or something in the way;
 *   `SECRETS_FOUND` for commits with secrets; `CANNOT_STORE`; the signal's reason.
 */
export async function packWork(
  folder: string,
  options: WorkPackOptions,
): Promise<PackedWork | NoWork> {
  try {
    const { startGit } = options;
    const [version, opened] = await Promise.all([
      startGit(["version"]).answer(),
      openRepository(folder, startGit),
    ]);
    requireGit(version);
    if (opened === null) throw noCheckout(folder);
    return await pack(atRoot(opened), options);
  } catch (error) {
    throw inWords(error, "WORK_UNUSABLE", "Cannot pack the work", LESS);
  }
}

/**
 * The same repository as others see it, who do not have what replaces its objects. Git writes
 * objects even when it only reads a sparse index: those go to the scratch repository.
 */
function throughScratch(
  repository: Repository<StreamedGit>,
  { objects }: ScratchRepository,
): Repository<StreamedGit> {
  const { gitWith, path } = repository;
  const always = {
    ...HERE_ONLY,
    GIT_OBJECT_DIRECTORY: objects,
    GIT_INDEX_FILE: `${path}/index`,
  };
  return {
    ...repository,
    git: gitWith(always),
    gitWith: (env) => gitWith({ ...always, ...env }),
  };
}

async function pack(
  opened: Repository<StreamedGit>,
  options: WorkPackOptions,
): Promise<PackedWork | NoWork> {
  const { startGit, folder, created, signal } = options;
  await using stack = new AsyncDisposableStack();
  const { common, isSha256 } = opened;
  const objects = `${common}/objects`;
  const scratch = stack.use(
    await ScratchRepository.make(folder, objects, { isSha256, startGit }),
  );
  const repository = throughScratch(opened, scratch);
  const filtersKnown = readFilters(repository);
  const [filters, state, scanner] = await Promise.all([
    filtersKnown,
    readCheckout(repository, filtersKnown),
    options.openScanner(repository.root),
  ]);
  const how = { head: state.head, filters, created };
  const snapshots = new Snapshots(repository, scratch, how);
  const packing = new WorkPacking(scratch, snapshots, state, {
    scanner,
    mayLeave: options.mayLeave,
  });
  const own = await realFolders(options.own);
  const trees = await packing.makeTrees(chooseFiles(repository, state, own));
  const { root } = repository;
  for (const path of await findDirty(root, snapshots.submodules, startGit)) {
    packing.leaveOut(path, "submodule");
  }
  const leftOut = await packing.leftOut();
  if (packing.isEmpty) return { header: null, leftOut };
  const header = await describe(repository, state, {
    commits: await snapshots.commit(trees),
    packing,
    leftOut,
    options,
  });
  const [path, twins, coming] = await Promise.all([
    writeWork(scratch, header),
    readTwins(scratch, trees.work),
    packing.coming(MAX_COMING),
  ]);
  const payload = await FilePayload.open(path, { signal, name: "the work" });
  const scratchToRemove = stack.move();
  return {
    header,
    payload,
    coming,
    leftOut,
    twins,
    isSearchCut: packing.isSearchCut,
    [Symbol.asyncDispose]: () => scratchToRemove.disposeAsync(),
  };
}

async function readFilters(
  { git }: Repository<StreamedGit>,
): Promise<string[]> {
  const filters = await filtersOff(git, ["--includes"]);
  if (filters === null) throw oddFilter("Cannot send the work");
  return filters;
}

async function readTwins(
  { git }: ScratchRepository,
  tree: string,
): Promise<[string, string][]> {
  const listing = git("ls-tree", "-r", "-z", "--name-only", tree).output();
  return findTwins(await collectLines(listing, "\0"));
}

async function describe(
  repository: Repository<StreamedGit>,
  state: CheckoutState,
  { commits, packing, leftOut, options }: {
    commits: { staged: string; work: string };
    packing: WorkPacking;
    leftOut: LeftOut[];
    options: WorkPackOptions;
  },
): Promise<WorkHeader> {
  const { project, rename } = options;
  const branch = state.branch &&
    cleanLine(rename(await packing.shownName(state.branch)), 255);
  const named = firstLeftOut(leftOut.map(({ path, reason }) => ({
    path: cleanLine(rename(path), 4096),
    reason,
  })));
  return {
    format: WORK_FORMAT,
    version: 1,
    base: state.base,
    head: state.head,
    ...commits,
    roots: state.roots,
    ...branch && { branch },
    project: cleanLine(rename(project), 255),
    root: cleanLine(rename(repository.root), 4096),
    commits: state.commits,
    files: packing.files,
    left_out: named,
    left_out_more: leftOut.length - named.length,
    under_way: state.underWay,
  };
}

/** Folders as git names them; one that is missing, or may not be looked at, as it is named. */
async function realFolders(folders: string[]): Promise<string[]> {
  const found = await Promise.all(
    folders.map((folder) => Deno.realPath(folder).catch(() => folder)),
  );
  return Deno.build.os === "windows"
    ? found.map((path) => path.replaceAll("\\", "/"))
    : found;
}

function noCheckout(folder: string) {
  return unusable(
    `Cannot send the work: "${cleanLine(folder, 80)}" is not in a git checkout`,
    "Go to the project, or leave --with-work out",
  );
}
