/**
 * Git repositories for tests, made from nothing and apart from the person's own settings.
 *
 * @module
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** Variables of git: nothing of the person's own, and only files for remotes. */
const APART = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "t",
  GIT_AUTHOR_EMAIL: "t@example.invalid",
  GIT_COMMITTER_NAME: "t",
  GIT_COMMITTER_EMAIL: "t@example.invalid",
  GIT_ALLOW_PROTOCOL: "file",
};

/** A git checkout in a folder. */
export class Repository {
  private constructor(readonly folder: string) {}

  /**
   * Makes a repository in `folder`, on branch `main`, with no commit.
   *
   * @param options More options of `git init`.
   */
  static async make(folder: string, ...options: string[]): Promise<Repository> {
    await Deno.mkdir(folder, { recursive: true });
    const repository = new Repository(folder);
    await repository.git("init", "-q", "-b", "main", ...options);
    return repository;
  }

  /** The repository that is in `folder` already, or will be. */
  static at(folder: string): Repository {
    return new Repository(folder);
  }

  /** Makes a copy that knows the commits so far. */
  async clone(folder: string): Promise<Repository> {
    await this.git("clone", "-q", this.folder, folder);
    return new Repository(folder);
  }

  /** Runs git here; returns what it prints. @throws {Error} With its words, when it fails. */
  async run(args: string[], input: Bytes = new Uint8Array()): Promise<Bytes> {
    const child = new Deno.Command("git", {
      args: ["-C", this.folder, ...args],
      env: APART,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writing = new Blob([input]).stream().pipeTo(child.stdin);
    const [{ success, stdout, stderr }] = await Promise.all([
      child.output(),
      writing.catch(() => {}),
    ]);
    if (success) return stdout;
    throw new Error(
      `git ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`,
    );
  }

  /** The same without input; returns text, without the line ends after it. */
  async git(...args: string[]): Promise<string> {
    return new TextDecoder().decode(await this.run(args)).trimEnd();
  }

  /** Writes files, with the folders around them. */
  async write(files: Record<string, string | Uint8Array>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const full = `${this.folder}/${path}`;
      await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), {
        recursive: true,
      });
      if (typeof content === "string") await Deno.writeTextFile(full, content);
      else await Deno.writeFile(full, content);
    }
  }

  /** Writes a file and commits it with all others; returns the commit's hash. */
  async commit(name: string): Promise<string> {
    await this.write({ [name]: name });
    await this.commitAll(name);
    return await this.git("rev-parse", "HEAD");
  }

  /** Commits all files as they are. */
  async commitAll(message = "commit"): Promise<void> {
    await this.git("add", "-A");
    const options = ["-q", "--no-gpg-sign", "--allow-empty"];
    await this.git("commit", ...options, "-m", message);
  }

  /** The state of the files, as git tells it: an entry for each file. */
  async status(): Promise<string[]> {
    const said = await this.git(
      "--no-optional-locks",
      "status",
      "--porcelain=v2",
      "-z",
      "--no-renames",
      "--untracked-files=all",
    );
    return said.split("\0").filter(Boolean);
  }
}
