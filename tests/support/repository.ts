/**
 * Git repositories for tests, made from nothing and apart from the person's own settings.
 *
 * @module
 */

/** A git checkout in a folder. */
export class Repository {
  private constructor(readonly folder: string) {}

  /** Makes a repository in `folder`, on branch `main`, with no commit. */
  static async make(folder: string): Promise<Repository> {
    await Deno.mkdir(folder);
    const repository = new Repository(folder);
    await repository.git("init", "-q", "-b", "main");
    return repository;
  }

  /** The repository that is in `folder` already. */
  static at(folder: string): Repository {
    return new Repository(folder);
  }

  /** Makes a copy that knows the commits so far. */
  async clone(folder: string): Promise<Repository> {
    await this.git("clone", "-q", this.folder, folder);
    return new Repository(folder);
  }

  /** Runs git here; returns what it prints. */
  async git(...args: string[]): Promise<string> {
    const identity = [
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@example.invalid",
    ];
    const { success, stdout, stderr } = await new Deno.Command("git", {
      args: ["-C", this.folder, ...identity, ...args],
      env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trim();
  }

  /** Writes a file and commits it; returns the commit's hash. */
  async commit(name: string): Promise<string> {
    await Deno.writeTextFile(`${this.folder}/${name}`, name);
    await this.git("add", "-A");
    await this.git("commit", "-q", "--no-gpg-sign", "-m", name);
    return await this.git("rev-parse", "HEAD");
  }
}
