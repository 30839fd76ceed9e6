/** Filters that settings name, with the real git: none of them may run. */

import { assert, assertEquals } from "@std/assert";
import { Repository } from "../../tests/support/repository.ts";
import { filtersOff, type SettingsScope } from "./filters.ts";
import { GitProgram, type StreamedGit } from "./git.ts";
import { type GitHere, openRepository } from "./repository.ts";

/** Places of settings, by the words that git has for them. */
const PLACES = ["local", "included", "worktree", "global"] as const;
type Place = typeof PLACES[number];

/** A repository whose only file goes through a filter. */
class Stage implements AsyncDisposable {
  readonly #program = new GitProgram({
    timeoutMs: 30_000,
    signal: new AbortController().signal,
  });

  private constructor(
    private readonly folder: string,
    private readonly repository: Repository,
  ) {}

  /** @param name Name of the filter, which leaves a file when it runs. */
  static async make(name: string, place: Place): Promise<Stage> {
    const folder = await Deno.makeTempDir({ prefix: "cs-filters-" });
    const repository = await Repository.make(`${folder}/repo`);
    const stage = new Stage(folder, repository);
    await repository.commit("a.txt");
    const attributes = `${repository.folder}/.git/info/attributes`;
    await Deno.mkdir(`${repository.folder}/.git/info`, { recursive: true });
    await Deno.writeTextFile(attributes, "*.txt filter=mine\n");
    await stage.#name("mine", place);
    // It is for no file.
    if (name !== "mine") await stage.#name(name, place);
    return stage;
  }

  async #name(name: string, place: Place): Promise<void> {
    const { folder, repository } = this;
    await repository.git("config", "extensions.worktreeConfig", "true");
    await repository.git("config", "include.path", `${folder}/included`);
    const where = {
      local: ["--local"],
      worktree: ["--worktree"],
      included: ["--file", `${folder}/included`],
      global: ["--file", `${folder}/global`],
    }[place];
    const command = `echo %f >>'${folder}/ran'; cat`;
    for (const way of ["clean", "smudge"]) {
      const key = `filter.${name}.${way}`;
      await repository.git("config", ...where, key, command);
    }
    const key = `filter.${name}.required`;
    await repository.git("config", ...where, key, "true");
  }

  async git(): Promise<GitHere<StreamedGit>> {
    const found = await openRepository(
      this.repository.folder,
      this.#program.start,
    );
    const env = { GIT_CONFIG_GLOBAL: `${this.folder}/global` };
    return found!.gitWith({ ...env, GIT_CONFIG_NOSYSTEM: "1" });
  }

  /** Has git read and write the file; returns whether the filter ran. */
  async run(git: GitHere<StreamedGit>, args: string[]): Promise<boolean> {
    const path = `${this.repository.folder}/a.txt`;
    await Deno.writeTextFile(path, "changed");
    const ways = [["add", "a.txt"], ["checkout-index", "--force", "a.txt"]];
    for (const way of ways) {
      assert(await git(...args, ...way).answer() !== null, way.join(" "));
    }
    assertEquals(await Deno.readTextFile(path), "changed");
    const ran = await Deno.stat(`${this.folder}/ran`).catch(() => null);
    return ran !== null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#program[Symbol.dispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("filtersOff() turns off the filters of all settings that it is asked about, whatever their names", async () => {
  for (const place of PLACES) {
    for (const name of ["mine", "x.y z", "MINE"]) {
      await using stage = await Stage.make(name, place);
      const git = await stage.git();
      const off = async (...scopes: SettingsScope[]) =>
        await filtersOff(git, scopes) ?? [];
      assert(!await stage.run(git, await off("--includes")), place);
      const isOurs = place === "global";
      const own = await off("--local", "--worktree");
      assertEquals(await stage.run(git, own), isOurs, place);
      // Without them it would have run.
      assert(await stage.run(git, []), place);
    }
  }
});

Deno.test("filtersOff() says nothing, where there are no filters, and each once", async () => {
  await using stage = await Stage.make("mine", "local");
  const git = await stage.git();
  assertEquals(await filtersOff(git, ["--worktree"]), []);
  const once = await filtersOff(git, ["--local"]);
  assertEquals(once?.filter((word) => word.includes(".required=")), [
    "filter.mine.required=false",
  ]);
  assertEquals(await filtersOff(git, ["--local", "--includes"]), once);
});

Deno.test("filtersOff() gives up, when git would take a part of a filter's name for its value", async () => {
  await using stage = await Stage.make("a=b", "included");
  const git = await stage.git();
  assertEquals(await filtersOff(git, ["--local", "--worktree"]), null);
  assertEquals(await filtersOff(git, ["--includes"]), null);
});
