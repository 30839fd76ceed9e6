/**
 * Trees of the files that may leave, and the checks by which the others stay behind.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import type { SecretPlace } from "../../secrets/places.ts";
import type { Scanner } from "../../secrets/scanner.ts";
import { cleanLine } from "../../text/clean_text.ts";
import { unusable } from "../errors.ts";
import { findFaults } from "../faults.ts";
import type { ScratchRepository } from "../scratch.ts";
import { type Difference, diffTrees } from "../tree_diff.ts";
import { MODES } from "../tree_rules.ts";
import {
  LEFT_OUT_REASONS,
  type LeftOut,
  type LeftOutReason,
} from "../work_file.ts";
import type { CheckoutState } from "./checkout_state.ts";
import type { ChosenFiles } from "./choose_files.ts";
import { type FoundSecrets, WorkSecrets } from "./secrets.ts";
import type { Snapshots } from "./snapshot.ts";

/** Secrets in a file or a commit, for a person to decide about. */
export interface Suspect {
  /** Path of the file, or the first 12 digits of the commit's hash: not to be shown. */
  name: string;
  /** The same, with the secrets in it masked. */
  shown: string;
  places: SecretPlace[];
}

/** Decides whether something leaves with the secrets in it. */
export type MayLeave = (suspect: Suspect) => Promise<boolean>;

/** Two trees on their way into commits. */
interface Trees {
  staged: string;
  work: string;
}

/** One piece of work on its way. */
export class WorkPacking {
  readonly #leftOut = new Map<string, LeftOutReason>();
  readonly #secrets: WorkSecrets;
  /** Files whose staged changes must not leave. */
  readonly #unstaged = new Set<string>();
  readonly #overlooked: Set<string>;
  readonly #answers = new Map<string, boolean>();
  /** Files that no commit has and that come along. */
  #coming: string[] = [];

  constructor(
    private readonly scratch: ScratchRepository,
    private readonly snapshots: Snapshots,
    private readonly state: CheckoutState,
    private readonly options: { scanner: Scanner; mayLeave: MayLeave },
  ) {
    const { scanner } = options;
    this.#overlooked = new Set(state.overlooked);
    this.#secrets = new WorkSecrets(scratch.git, scanner, state.base[0]);
  }

  /** Whether only a part was searched for secrets. */
  get isSearchCut(): boolean {
    return this.#secrets.isCut;
  }

  /** Number of files that no commit has and that come along. */
  get files(): number {
    return this.#coming.length;
  }

  /** The first of these files, by names that may be shown. */
  async coming(count: number): Promise<string[]> {
    const first = this.#coming.slice(0, count);
    return await Promise.all(first.map((path) => this.shownName(path)));
  }

  /** Whether there is nothing that could leave. */
  get isEmpty(): boolean {
    return this.state.commits === 0 && this.files === 0;
  }

  /** A name as it may be shown: secrets in it are masked. */
  shownName(name: string): Promise<string> {
    return this.#secrets.shownName(name);
  }

  /** Files that stay behind, by names that may be shown; those with secrets come first. */
  async leftOut(): Promise<LeftOut[]> {
    const all = Array.from(this.#leftOut, async ([path, reason]) => (
      { path: await this.shownName(path), reason }
    ));
    const rank = ({ reason }: LeftOut) => LEFT_OUT_REASONS.indexOf(reason);
    return (await Promise.all(all)).sort((one, other) =>
      rank(one) - rank(other) || (one.path < other.path ? -1 : 1)
    );
  }

  /** Notes a file that stays behind; its first reason counts. */
  leaveOut(path: string, reason: LeftOutReason): void {
    if (!this.#leftOut.has(path)) this.#leftOut.set(path, reason);
  }

  /**
   * Makes the trees of the files that may leave, once the commits below them are known to be fit.
   *
   * @throws {SpreadError} `SECRETS_FOUND`, `WORK_UNUSABLE`.
   * @throws {GitFailed} When git fails.
   */
  async makeTrees(choosing: Promise<ChosenFiles>): Promise<Trees> {
    const [chosen, first] = await Promise.all([
      choosing,
      this.#stagedTree(),
      this.#checkCommits(),
    ]);
    for (const { path, reason } of chosen.leftOut) this.leaveOut(path, reason);
    const { deleted } = chosen;
    let { files } = chosen;
    for (let staged = first;; staged = await this.#stagedTree()) {
      const work = await this.snapshots.workTree({ files, deleted });
      const held = await this.#holdBack({ staged, work });
      if (held.size === 0) return { staged, work };
      files = files.filter((path) => !held.has(path));
    }
  }

  #stagedTree(): Promise<string> {
    return this.snapshots.stagedTree(this.state.changed, this.#unstaged);
  }

  /** Finds files that must not leave. */
  async #holdBack({ staged, work }: Trees): Promise<Set<string>> {
    const { git } = this.scratch;
    const [inIndex, onDisk] = await Promise.all([
      diffTrees(git, this.state.head, staged),
      diffTrees(git, staged, work),
    ]);
    const differing = [...inIndex, ...onDisk].map(({ path }) => path);
    this.#coming = [...new Set(differing)].sort();
    const isOverlooked = ({ path }: Difference) => this.#overlooked.has(path);
    const held = new Set([
      ...await this.#heldAmong(inIndex),
      ...await this.#heldAmong(onDisk.filter((file) => !isOverlooked(file))),
    ]);
    for (const { path } of inIndex) {
      if (held.has(path)) this.#unstaged.add(path);
    }
    for (const { path } of onDisk.filter(isOverlooked)) {
      this.leaveOut(path, "overlooked");
      held.add(path);
    }
    return held;
  }

  async #heldAmong(differences: Difference[]): Promise<string[]> {
    this.#leaveOutSubmodules(differences);
    const faults = await findFaults(this.scratch, differences);
    for (const { path, reason } of faults) this.leaveOut(path, reason);
    const found = await this.#secrets.inFiles(differences);
    const secret = (await this.#unwanted(found)).map(({ name }) => name);
    for (const path of secret) this.leaveOut(path, "secret");
    return [...faults.map(({ path }) => path), ...secret];
  }

  /** Which commit of a submodule is wanted comes along; the commit itself does not. */
  #leaveOutSubmodules(differences: Difference[]): void {
    for (const { path, mode } of differences) {
      if (mode === MODES.submodule) this.leaveOut(path, "submodule");
    }
  }

  /** Files and commits that the person does not let leave. */
  async #unwanted(found: FoundSecrets): Promise<Suspect[]> {
    const unwanted: Suspect[] = [];
    for (const [name, places] of found) {
      const suspect = { name, shown: await this.shownName(name), places };
      if (!await this.#mayLeave(suspect)) unwanted.push(suspect);
    }
    return unwanted;
  }

  /** Asks once for each name. */
  async #mayLeave(suspect: Suspect): Promise<boolean> {
    const known = this.#answers.get(suspect.name);
    if (known !== undefined) return known;
    const answer = await this.options.mayLeave(suspect);
    this.#answers.set(suspect.name, answer);
    return answer;
  }

  async #checkCommits(): Promise<void> {
    const { head, base, commits } = this.state;
    if (head === null || commits === 0) return;
    const [differences, found] = await Promise.all([
      diffTrees(this.scratch.git, base[0] ?? null, head),
      this.#secrets.inCommits(head, base),
    ]);
    this.#leaveOutSubmodules(differences);
    const [fault] = await findFaults(this.scratch, differences);
    if (fault !== undefined) {
      throw unfit(await this.shownName(fault.path), fault.why);
    }
    const unwanted = await this.#unwanted(found);
    if (unwanted.length > 0) throw secretsInCommits(unwanted);
  }
}

/** The error for commits with secrets, which stay as they are. */
function secretsInCommits(suspects: Suspect[]): SpreadError {
  const places = suspects.flatMap(({ places }) => places);
  const listed = suspects.slice(0, 5)
    .map(({ shown }) => `"${cleanLine(shown, 80)}"`);
  if (suspects.length > 5) listed.push(`and ${suspects.length - 5} more`);
  return new SpreadError(
    "SECRETS_FOUND",
    `Cannot send the commits: there are secrets in ${listed.join(", ")}`,
    "Take them out of the commits, or name each file or commit that may leave with --include",
    {
      fields: {
        commits: true,
        places: places.slice(0, 1000),
        count: places.length,
      },
    },
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
