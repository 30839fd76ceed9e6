/**
 * Checkouts whose work is packed: an origin, a sender's and a receiver's clone of it. They are
 * copies of a folder rather than clones that git makes, so that a test starts few programs.
 *
 * @module
 */

import {
  GitProgram,
  type StartGit,
  type StreamedGit,
} from "../../lib/git/git.ts";
import { atRoot, openRepository } from "../../lib/git/repository.ts";
import { openScanner } from "../../lib/secrets/scanner.ts";
import { makeWorktree } from "../../lib/work/open/worktree.ts";
import { UnpackedWork } from "../../lib/work/open/unpacked_work.ts";
import {
  type NoWork,
  type PackedWork,
  packWork,
  type WorkPackOptions,
} from "../../lib/work/pack/pack_work.ts";
import { Repository } from "../support/repository.ts";

/** Variables that keep git from the person's own settings, and from every network. */
const APART = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_ALLOW_PROTOCOL: "none",
};

/** Options of packing, and variables of its git; all of it may be left out. */
export type PackingOptions = Partial<WorkPackOptions> & {
  env?: Record<string, string>;
};

/** Folders of one test, removed at its end. */
export class Bench implements AsyncDisposable {
  readonly #git = new GitProgram({
    timeoutMs: 60_000,
    signal: new AbortController().signal,
  });

  /** Packed work, which holds a lock until it is disposed of. */
  readonly #packed = new AsyncDisposableStack();

  private constructor(readonly folder: string) {}

  static async make(): Promise<Bench> {
    const made = await Deno.makeTempDir({ prefix: "cs-work-" });
    return new Bench(await Deno.realPath(made));
  }

  /** A git as the commands start it, apart from the person's settings. */
  startGit(env: Record<string, string> = {}): StartGit<StreamedGit> {
    return (args, more) =>
      this.#git.start(args, {
        ...APART,
        ...env,
        ...more,
      });
  }

  /** Makes an empty repository. */
  init(name: string, ...options: string[]): Promise<Repository> {
    return Repository.make(`${this.folder}/${name}`, ...options);
  }

  /** Makes a copy of a checkout that knows its branch `main` as that of a remote. */
  async clone(from: Repository, name: string): Promise<Repository> {
    const folder = `${this.folder}/${name}`;
    await copyFolder(from.folder, folder);
    const git = `${folder}/.git`;
    const hash = await Deno.readTextFile(`${git}/refs/heads/main`);
    await Deno.mkdir(`${git}/refs/remotes/origin`, { recursive: true });
    await Deno.writeTextFile(`${git}/refs/remotes/origin/main`, hash);
    await Deno.writeTextFile(
      `${git}/config`,
      `[remote "origin"]\n\turl = ${from.folder}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`,
      { append: true },
    );
    return Repository.at(folder);
  }

  /** Packs the work of a checkout. */
  async pack(
    { folder }: Pick<Repository, "folder">,
    { env = {}, ...more }: PackingOptions = {},
  ): Promise<PackedWork | NoWork> {
    const packed = await packWork(folder, {
      startGit: this.startGit(env),
      folder: `${this.folder}/state/spool`,
      own: [`${this.folder}/state`],
      created: new Date(1_700_000_000_000),
      project: "project",
      rename: (text) => text,
      openScanner: () => Promise.resolve(openScanner()),
      mayLeave: () => Promise.resolve(false),
      signal: new AbortController().signal,
      ...more,
    });
    return packed.header === null ? packed : this.#packed.use(packed);
  }

  /** Opens packed work beside a checkout; returns its work tree. */
  async open(packed: PackedWork, receiver: Repository): Promise<Repository> {
    const payload = `${this.folder}/received`;
    await Deno.writeFile(payload, await payloadOf(packed));
    const startGit = this.startGit();
    const found = await openRepository(receiver.folder, startGit);
    const repository = atRoot(found!);
    await using unpacked = await UnpackedWork.open(payload, {
      repository,
      startGit,
      folder: `${this.folder}/unpacked`,
    });
    const { worktree } = await makeWorktree(repository, unpacked, {
      id: "0123abcd",
      folder: null,
      name: "work",
      note: () => Promise.resolve(),
    });
    return Repository.at(worktree);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#packed.disposeAsync();
    this.#git[Symbol.dispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** All bytes of packed work. */
export async function payloadOf(packed: PackedWork): Promise<Uint8Array> {
  const pieces = await Array.fromAsync(
    packed.payload.read(0),
    (piece) => piece.slice(),
  );
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

/** Copies a folder with its links and modes. */
async function copyFolder(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", {
    args: ["-a", "--", from, to],
  }).output();
  if (!success) throw new Error(`Cannot copy ${from}`);
}
