/**
 * Packs the unfinished work of a checkout: the commits that nobody else has, the changes that no
 * commit has, and a description. The checkout stays as it is, byte for byte.
 *
 * @module
 */

import { FilePayload } from "../../files/payload_source.ts";
import type { StartGit, StreamedGit } from "../../git/git.ts";
import { filtersOff } from "../../git/filters.ts";
import {
  atRoot,
  openRepository,
  type Repository,
} from "../../git/repository.ts";
import type { SecretPlace } from "../../secrets/places.ts";
import type { Scanner } from "../../secrets/scanner.ts";
import { cleanLine } from "../../text/clean_text.ts";
import { inWords, requireGit, unusable } from "../errors.ts";
import { ScratchRepository } from "../scratch.ts";
import {
  type LeftOut,
  MAX_LEFT_OUT,
  WORK_FORMAT,
  type WorkHeader,
} from "../work_file.ts";
import { type CheckoutState, readCheckout } from "./checkout_state.ts";
import { writeWork } from "./bundle.ts";
import { chooseFiles } from "./choose_files.ts";
import { Packing } from "./packing.ts";
import { Snapshots } from "./snapshot.ts";

/** The way to pack. */
export interface PackOptions {
  startGit: StartGit<StreamedGit>;
  /** Folder of payloads while they are shared. */
  folder: string;
  created: Date;
  /** Name of the project. */
  project: string;
  /** Changes a path of this machine before it leaves. */
  rename: (text: string) => string;
  scanner: Scanner;
  /**
   * Whether a file leaves although secrets were found in it; also asked of commits, by the first 12
   * digits of their hash.
   */
  mayLeave: (name: string, places: SecretPlace[]) => Promise<boolean>;
  signal: AbortSignal;
}

/** Work that is ready to leave; disposing of it removes its file. */
export interface PackedWork extends AsyncDisposable {
  header: WorkHeader;
  payload: FilePayload;
  /** All files that stay behind. */
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
  options: PackOptions,
): Promise<PackedWork | NoWork> {
  try {
    const { startGit } = options;
    requireGit(await startGit(["version"]).answer());
    const opened = await openRepository(folder, startGit);
    if (opened === null) throw noCheckout(folder);
    return await pack(atRoot(opened), options);
  } catch (error) {
    throw inWords(error, "WORK_UNUSABLE", "Cannot pack the work");
  }
}

async function pack(
  repository: Repository<StreamedGit>,
  options: PackOptions,
): Promise<PackedWork | NoWork> {
  const filters = await filtersOff(repository.git, ["--includes"]);
  if (filters === null) throw oddFilter();
  const state = await readCheckout(repository, filters);
  const { startGit, folder, created, signal } = options;
  await using stack = new AsyncDisposableStack();
  const isSha256 = (state.head ?? "").length === 64;
  const objects = `${repository.common}/objects`;
  const scratch = stack.use(
    await ScratchRepository.make(folder, objects, { isSha256, startGit }),
  );
  const { head } = state;
  const snapshots = new Snapshots(repository, scratch, {
    head,
    filters,
    created,
  });
  const chosen = await chooseFiles(repository, state);
  const packing = new Packing(scratch, snapshots, state, chosen, options);
  const { staged, work } = await packing.makeCommits();
  const { leftOut } = packing;
  if (await packing.isEmpty(work)) return { header: null, leftOut };
  const header = headerOf(repository, state, {
    staged,
    work,
    packing,
    options,
  });
  const path = await writeWork(scratch, header);
  const payload = await FilePayload.open(path, { signal, name: "the work" });
  const scratchToRemove = stack.move();
  return {
    header,
    payload,
    leftOut,
    twins: await packing.findTwins(work),
    isSearchCut: packing.isSearchCut,
    [Symbol.asyncDispose]: () => scratchToRemove.disposeAsync(),
  };
}

function headerOf(
  repository: Repository<StreamedGit>,
  state: CheckoutState,
  { staged, work, packing, options }: {
    staged: string;
    work: string;
    packing: Packing;
    options: PackOptions;
  },
): WorkHeader {
  const { project, rename } = options;
  const { leftOut, files } = packing;
  const branch = state.branch && cleanLine(rename(state.branch), 255);
  const named = leftOut.slice(0, MAX_LEFT_OUT).map(({ path, reason }) => ({
    path: cleanLine(rename(path), 4096),
    reason,
  }));
  return {
    format: WORK_FORMAT,
    version: 1,
    base: state.base,
    head: state.head,
    staged,
    work,
    roots: state.roots,
    ...branch && { branch },
    project,
    root: cleanLine(rename(repository.root), 4096),
    commits: state.commits,
    files,
    left_out: named,
    left_out_more: leftOut.length - named.length,
    under_way: state.underWay,
  };
}

function noCheckout(folder: string) {
  return unusable(
    `Cannot send the work: "${
      cleanLine(folder, 80)
    }" is not in a checkout of git`,
    "Go to the project, or leave --with-work out",
  );
}

function oddFilter() {
  return unusable(
    'Cannot send the work: a filter in the settings of git has "=" in its name',
    "Rename it, or leave --with-work out",
  );
}
