/**
 * Commits of what may leave: the checks that keep other files back.
 *
 * @module
 */

import { SpreadError } from "../../errors.ts";
import type { SecretPlace } from "../../secrets/places.ts";
import { cleanLine } from "../../text/clean_text.ts";
import { unusable } from "../errors.ts";
import { findFaults } from "../faults.ts";
import { collectLines } from "../git_lines.ts";
import type { ScratchRepository } from "../scratch.ts";
import { type Difference, diffTrees, emptyTree } from "../tree_diff.ts";
import { findTwins } from "../tree_rules.ts";
import type { LeftOut } from "../work_file.ts";
import type { CheckoutState } from "./checkout_state.ts";
import type { ChosenFiles } from "./choose_files.ts";
import type { PackOptions } from "./pack_work.ts";
import { type FoundSecrets, WorkSecrets } from "./secrets.ts";
import type { Snapshots } from "./snapshot.ts";

/** One piece of work on its way into commits. */
export class Packing {
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

/** The error for commits with secrets, which stay as they are. */
function secretsInCommits(names: string[], found: FoundSecrets): SpreadError {
  const places = names.flatMap((name) => found.get(name)!);
  const listed = names.slice(0, 5).map((name) => `"${cleanLine(name, 80)}"`);
  if (names.length > 5) listed.push(`and ${names.length - 5} more`);
  return new SpreadError(
    "SECRETS_FOUND",
    `Cannot send the commits: there are secrets in ${listed.join(", ")}`,
    "Take them out of the commits, or name each file that may leave with --include FILE",
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
