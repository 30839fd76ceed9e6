/**
 * Packs the unfinished work of a checkout: the commits that nobody else has, the changes that no
 * commit has, and a description. The checkout stays as it is, byte for byte.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
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
import { WORK_REFS } from "../bundle_head.ts";
import { inWords, requireGit } from "../errors.ts";
import { collectLines } from "../git_lines.ts";
import { ScratchRepository } from "../scratch.ts";
import { type Difference, diffTrees, emptyTree } from "../tree_diff.ts";
import { findFaults } from "../faults.ts";
import { findTwins } from "../tree_rules.ts";
import {
  encodeHeader,
  type LeftOut,
  MAX_LEFT_OUT,
  MAX_WORK_BYTES,
  WORK_FORMAT,
  type WorkHeader,
} from "../work_file.ts";
import {
  type CheckoutState,
  readCheckout,
  unusable,
} from "./checkout_state.ts";
import { chooseFiles, type ChosenFiles } from "./choose_files.ts";
import { type FoundSecrets, WorkSecrets } from "./secrets.ts";
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

/** One piece of work on its way into commits. */
class Packing {
  readonly leftOut: LeftOut[];
  readonly #secrets: WorkSecrets;
  #files: string[];
  readonly #unstaged: string[] = [];

  constructor(
    private readonly scratch: ScratchRepository,
    private readonly snapshots: Snapshots,
    private readonly state: CheckoutState,
    chosen: ChosenFiles,
    private readonly options: PackOptions,
  ) {
    this.leftOut = chosen.leftOut;
    this.#files = chosen.files;
    this.#secrets = new WorkSecrets(
      scratch.git,
      options.scanner,
      state.base[0],
    );
  }

  get isSearchCut(): boolean {
    return this.#secrets.isCut;
  }

  /** Number of files that no commit has and that come along. */
  files = 0;

  /** Makes the two commits of what may leave, once the commits below are known to be fit. */
  async makeCommits(): Promise<{ staged: string; work: string }> {
    await this.#checkCommits();
    for (;;) {
      const commits = await this.#make();
      if (!await this.#holdBack(commits)) return commits;
    }
  }

  async #make(): Promise<{ staged: string; work: string }> {
    const intended = this.state.changed
      .filter(({ isIntended }) => isIntended).map(({ path }) => path);
    return await this.snapshots.make({
      unstaged: this.#unstaged,
      intended,
      files: this.#files,
    });
  }

  /** Leaves out files that must not leave; whether there were any. */
  async #holdBack(
    { staged, work }: { staged: string; work: string },
  ): Promise<boolean> {
    const { git } = this.scratch;
    const [inIndex, onDisk] = await Promise.all([
      diffTrees(git, this.state.head, staged),
      diffTrees(git, staged, work),
    ]);
    this.files = new Set([...inIndex, ...onDisk].map(({ path }) => path)).size;
    const held = [
      ...await this.#heldFor(inIndex),
      ...await this.#heldFor(onDisk),
    ];
    if (held.length === 0) return false;
    const paths = new Set(held.map(({ path }) => path));
    const stagedPaths = inIndex.map(({ path }) => path);
    this.#unstaged.push(...stagedPaths.filter((path) => paths.has(path)));
    this.#files = this.#files.filter((path) => !paths.has(path));
    const byPath = new Map(held.map((one) => [one.path, one]));
    this.leftOut.push(...byPath.values());
    return true;
  }

  async #heldFor(differences: Difference[]): Promise<LeftOut[]> {
    const faults = await findFaults(this.scratch, differences);
    const held: LeftOut[] = faults.map(({ path, reason }) => ({
      path,
      reason,
    }));
    const found = await this.#secrets.inFiles(differences);
    for (const path of await this.#unwanted(found)) {
      held.push({ path, reason: "secret" });
    }
    return held;
  }

  /** Names of files that the person does not let leave. */
  async #unwanted(found: FoundSecrets): Promise<string[]> {
    const unwanted: string[] = [];
    for (const [name, places] of found) {
      if (!await this.#mayLeave(name, places)) unwanted.push(name);
    }
    return unwanted;
  }

  readonly #answers = new Map<string, boolean>();

  /** Asks once for each name. */
  async #mayLeave(name: string, places: SecretPlace[]): Promise<boolean> {
    const known = this.#answers.get(name);
    if (known !== undefined) return known;
    const answer = await this.options.mayLeave(name, places);
    this.#answers.set(name, answer);
    return answer;
  }

  /** @throws {SpreadError} `SECRETS_FOUND`, `WORK_UNUSABLE`. */
  async #checkCommits(): Promise<void> {
    const { head, base, commits } = this.state;
    if (head === null || commits === 0) return;
    const { git } = this.scratch;
    const differences = await diffTrees(git, base[0] ?? null, head);
    const [fault] = await findFaults(this.scratch, differences);
    if (fault !== undefined) throw unfit(fault.path, fault.why);
    const found = await this.#secrets.inCommits(head, base);
    const unwanted = await this.#unwanted(found);
    if (unwanted.length > 0) throw secretsInCommits(unwanted, found);
  }

  async isEmpty(work: string): Promise<boolean> {
    if (this.state.commits > 0) return false;
    const { head } = this.state;
    const [before, after] = await Promise.all(
      [head ?? emptyTree(work), `${work}^{tree}`].map((name) =>
        this.scratch.git("rev-parse", "--verify", `${name}^{tree}`).answer()
      ),
    );
    return before === after;
  }

  async findTwins(work: string): Promise<[string, string][]> {
    return findTwins(
      await collectLines(
        this.scratch.git(
          "ls-tree",
          "-r",
          "-z",
          "--name-only",
          "--full-tree",
          work,
        )
          .output(),
        "\0",
      ),
    );
  }
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

/** Writes the payload into the scratch repository; returns its path. */
async function writeWork(
  scratch: ScratchRepository,
  header: WorkHeader,
): Promise<string> {
  const { head, staged, work, base } = header;
  await scratch.name(WORK_REFS.staged, staged);
  await scratch.name(WORK_REFS.work, work);
  if (head !== null) await scratch.name(WORK_REFS.head, head);
  const path = `${scratch.path}/payload`;
  using file = await Deno.open(path, {
    write: true,
    createNew: true,
    mode: 0o600,
  });
  const isHeadNew = head !== null && !base.includes(head);
  const bundle = scratch.git(
    "bundle",
    "create",
    "--quiet",
    "-",
    ...isHeadNew ? [WORK_REFS.head] : [],
    WORK_REFS.staged,
    WORK_REFS.work,
    ...base.map((hash) => `^${hash}`),
  ).output();
  let size = 0;
  const write = async (bytes: Uint8Array) => {
    size += bytes.length;
    if (size > MAX_WORK_BYTES) throw tooLarge(header);
    let rest = bytes;
    while (rest.length > 0) rest = rest.subarray(await file.write(rest));
  };
  await write(encodeHeader(header));
  for await (const piece of bundle) await write(piece);
  return path;
}

/** The error for commits with secrets, which stay as they are. */
function secretsInCommits(names: string[], found: FoundSecrets): SpreadError {
  const places = names.flatMap((name) => found.get(name)!);
  const listed = names.slice(0, 5).map((name) => `"${cleanLine(name, 80)}"`);
  if (names.length > 5) listed.push(`and ${names.length - 5} more`);
  return new SpreadError(
    "SECRETS_FOUND",
    `Cannot send the commits: there are secrets in ${listed.join(", ")}`,
    "Take them out of the commits, or name each file that may leave with --include FILE",
    { fields: { places: places.slice(0, 1000), count: places.length } },
  );
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

function unfit(path: string, why: string) {
  return unusable(
    `Cannot send the commits: "${
      cleanLine(path, 80)
    }" in them cannot be opened elsewhere: ${why}`,
    "Change the file in a new commit, or leave --with-work out",
  );
}

function tooLarge({ base }: WorkHeader) {
  const all = base.length === 0
    ? "; no remote branch has any of it, so it is the whole history"
    : "";
  return unusable(
    `Cannot send the work: it is larger than ${
      MAX_WORK_BYTES / 1024 / 1024
    } MiB${all}`,
    base.length === 0
      ? "Push the branch to a remote first, or leave --with-work out"
      : "Have git ignore large files, or leave --with-work out",
  );
}
