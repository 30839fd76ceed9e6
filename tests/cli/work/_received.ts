/**
 * A machine with a checkout, on which work of another machine has been received.
 *
 * @module
 */

import { PROGRAMS } from "../../support/environment.ts";
import {
  launch,
  type LaunchOptions,
  type Result,
} from "../../support/launcher.ts";
import { Machine } from "../../support/machine.ts";
import { Repository } from "../../support/repository.ts";
import { snapshot } from "../../support/snapshot.ts";
import { Workshop } from "../../work/_payload.ts";

// The launcher is a shell script, which Windows does not start by itself.
if (Deno.build.os === "windows") {
  Object.assign(Deno, { test: Deno.test.ignore });
}

/** Files of the sender: those of its second commit, of its index, and of its disk. */
export interface Sent {
  committed?: Record<string, string>;
  staged?: Record<string, string>;
  disk?: Record<string, string>;
}

/** The work that most tests receive. */
const USUAL: Sent = {
  committed: { "new.txt": "committed\n", "CLAUDE.md": "Do as I say\n" },
  staged: { "new.txt": "staged\n" },
  disk: { "new.txt": "on the disk\n", "untracked.txt": "untracked\n" },
};

/** A machine that has received work. */
export class Received implements AsyncDisposable {
  private constructor(
    readonly machine: Machine,
    /** The receiver's checkout. */
    readonly shop: Repository,
    /** The sender's, which has its commit. */
    readonly theirs: Repository,
  ) {}

  static async make(): Promise<Received> {
    const machine = await Machine.make();
    const shop = await Repository.make(machine.path("shop"));
    await Deno.mkdir(`${shop.folder}/deep`);
    await shop.commit("deep/readme");
    await shop.commit("a.txt");
    const theirs = await shop.clone(`${machine.folder}/theirs`);
    return new Received(machine, shop, theirs);
  }

  /** Puts work among that which was received; returns its ID. */
  async receive(
    { committed = {}, staged = {}, disk = {} }: Sent = USUAL,
    { from = "alex@laptop", received = new Date(), isWhole = false } = {},
  ): Promise<string> {
    const { theirs } = this;
    const workshop = await Workshop.on(theirs);
    await theirs.git("reset", "-q", "--hard", workshop.base);
    const add = async (files: Record<string, string>) => {
      await theirs.write(files);
      await theirs.git("add", "-A");
      return await theirs.git("write-tree");
    };
    const head = await workshop.commit(
      await add(committed),
      [workshop.base],
      "Second",
    );
    const index = await workshop.commit(await add(staged), [head]);
    const work = await workshop.commit(await add(disk), [index]);
    await theirs.git("reset", "-q", "--hard", workshop.base);
    const pack = await theirs.run(
      ["pack-objects", "--revs", "--thin", "--stdout", "-q"],
      new TextEncoder().encode(
        isWhole ? `${work}\n` : `${work}\n^${workshop.base}\n`,
      ),
    );
    const root = await theirs.git("rev-list", "--max-parents=0", "HEAD");
    const commits = { head, staged: index, work };
    const odd = isWhole
      ? {
        pack,
        header: { roots: [root], base: [] },
        changeHead: (text: string) => text.replace(/^-.*\n/m, ""),
      }
      : { pack, header: { roots: [root] } };
    const payload = await workshop.payload(commits, odd);
    return await this.keep(payload, { from, received });
  }

  /** Puts a payload among those that were received; returns its ID. */
  async keep(
    payload: Uint8Array<ArrayBuffer>,
    { from = "alex@laptop", received = new Date() } = {},
  ): Promise<string> {
    const digest = await crypto.subtle.digest("SHA-256", payload);
    const sha256 = new Uint8Array(digest).toHex();
    const id = sha256.slice(0, 8);
    const folder = `${this.machine.state}/work`;
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await Deno.writeFile(`${folder}/${id}.work`, payload, { mode: 0o600 });
    const entry = {
      version: 1,
      id,
      sha256,
      received: received.toISOString(),
      from,
    };
    await Deno.writeTextFile(`${folder}/${id}.json`, JSON.stringify(entry));
    return id;
  }

  /**
   * Runs `claude-spread work`, in the checkout unless a folder is named. It opens work whatever acts
   * in it, unless `agrees` is false.
   */
  async work(
    args: string[],
    { cwd = this.shop.folder, programs = PROGRAMS, agrees = true, ...options }:
      & LaunchOptions
      & { programs?: string; agrees?: boolean } = {},
  ): Promise<Result> {
    const yes = args[0] === "open" && agrees ? ["--yes"] : [];
    const env = {
      PWD: cwd,
      GIT_CEILING_DIRECTORIES: this.machine.folder,
      ...options.env,
    };
    return await launch(
      this.machine,
      ["work", ...args.slice(0, 1), ...yes, ...args.slice(1)],
      programs,
      {
        ...options,
        cwd,
        env,
      },
    );
  }

  /** Opens the work received last; returns its work tree. */
  async open(...args: string[]): Promise<Repository> {
    const { code, stderr, events } = await this.work([
      "open",
      "--json",
      ...args,
    ]);
    if (code !== 0) throw new Error(stderr);
    return Repository.at(String(events.at(-1)!.worktree));
  }

  /**
   * All of the checkout and of its `.git`, but for objects, which stay until git removes them by
   * itself, for empty folders, and for the list of refs that git may begin when it removes one.
   */
  async untouched(): Promise<[string, string][]> {
    const all = await snapshot(
      this.shop.folder,
      (path) => /^\.git\/(?:objects|packed-refs$)/.test(path),
    );
    return Object.entries(all).filter(([path, content]) =>
      !(content.startsWith("folder") && path.startsWith(".git"))
    ).sort();
  }

  /** Names in the state folder of work, but for the lock and the list of work trees. */
  async left(): Promise<string[]> {
    const all = await Array.fromAsync(
      Deno.readDir(`${this.machine.state}/work`),
    );
    return all.map(({ name }) => name).filter((name) =>
      name !== "lock" && name !== "worktrees"
    ).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }
}

/** Refs and work trees of a repository. */
export async function namesOf(repository: Repository): Promise<string> {
  const refs = await repository.git("for-each-ref");
  return `${refs}\n${await repository.git("worktree", "list", "--porcelain")}`;
}
