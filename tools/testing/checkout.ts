/**
 * Repositories with the files of this one, in which tests release and build.
 *
 * @module
 */

import { PLACES } from "../versions.ts";

const root = await Deno.realPath(`${import.meta.dirname}/../..`);

/** Files that name the version. */
export const NAMING: string[] = [...new Set(PLACES.map(([path]) => path))];

/** Variables of git and Deno: nothing of the person's own, and nobody is asked. */
export const ENV = {
  NO_COLOR: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_EDITOR: "false",
  GIT_AUTHOR_NAME: "t",
  GIT_AUTHOR_EMAIL: "t@example.invalid",
  GIT_COMMITTER_NAME: "t",
  GIT_COMMITTER_EMAIL: "t@example.invalid",
};

/** What `deno task ok` does here: all that it says of versions. */
export const SHORT_OK = "deno run --allow-read tools/versions.ts";

/** How a process ended, and what it printed. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. */
export async function run(
  folder: string,
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd: folder,
    env: { ...ENV, ...env },
    stdin: "null",
  }).output();
  const [out, problem] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  return { code, stdout: out!, stderr: problem! };
}

/** A checkout with the files of this one, on branch `main`. */
export class Checkout implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  /**
   * Makes one; `deno task ok` is short in it.
   *
   * @param paths Its files: by default those that a release reads.
   */
  static async make(
    paths: string[] = [...NAMING, "CHANGELOG.md", "deno.lock", "tools"],
  ): Promise<Checkout> {
    const made = await Deno.makeTempDir({ prefix: "cs-release-" });
    const checkout = new Checkout(await Deno.realPath(made));
    await checkout.git("init", "-q", "-b", "main");
    // As they are now, committed or not.
    await checkout.git(`--work-tree=${root}`, "add", "--", ...paths);
    await checkout.git("checkout-index", "--all");
    await checkout.edit(
      "deno.json",
      (text) =>
        text.replace(
          /("Check formatting.*\n.*"command": ").*"/,
          `$1${SHORT_OK}"`,
        ),
    );
    await checkout.commit();
    return checkout;
  }

  /** Runs git here; returns what it prints. @throws {Error} With its words, when it fails. */
  async git(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(this.folder, "git", args);
    if (code !== 0) throw new Error(stderr);
    return stdout.trimEnd();
  }

  /** Commits all there is. */
  async commit(): Promise<void> {
    await this.git("add", "--all");
    await this.git("commit", "-q", "-m", "test");
  }

  /** Reads a file. */
  read(path: string): Promise<string> {
    return Deno.readTextFile(`${this.folder}/${path}`);
  }

  /** Changes a file. */
  async edit(path: string, change: (text: string) => string): Promise<void> {
    const changed = change(await this.read(path));
    await Deno.writeTextFile(`${this.folder}/${path}`, changed);
  }

  /** Runs a task of `deno.json`. */
  task(...args: string[]): Promise<Ended> {
    return run(this.folder, Deno.execPath(), ["task", "--quiet", ...args]);
  }

  /** All that a refused release must leave alone. */
  async state(): Promise<string[]> {
    return await Promise.all([
      this.git("log", "-1", "--format=%H %D"),
      this.git("status", "--porcelain=v1", "--branch"),
      this.git("diff", "HEAD"),
      this.git("tag", "--list"),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
