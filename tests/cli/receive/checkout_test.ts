/**
 * The receiver's checkout, compared with the sender's commit, and the git that compares them.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { forEach } from "../../../lib/testing/for_each.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { NotingGit } from "../../support/git_program.ts";
import { Machine, type Sharing } from "../../support/machine.ts";
import { Proxy } from "../../support/proxy.ts";
import { Repository } from "../../support/repository.ts";
import type { StartOptions } from "../../support/running.ts";

/** A share of a document written at the second of three commits. */
class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  machine!: Machine;
  /** The sender's project. */
  theirs!: Repository;
  /** A clone that has the third commit as well. */
  ahead!: Repository;
  sharing!: Sharing;

  static async make(): Promise<Stage> {
    const stage = new Stage();
    const machine = stage.#stack.use(await Machine.make());
    stage.machine = machine;
    stage.theirs = await Repository.make(machine.path("theirs"));
    await stage.theirs.commit("first");
    return stage;
  }

  /** Makes the second and third commit, and shares. */
  async share(): Promise<void> {
    const { machine, theirs } = this;
    await theirs.commit("second");
    this.ahead = await theirs.clone(machine.path("ahead"));
    await this.ahead.commit("third");
    const file = await machine.write("a.md", "Body");
    const args = ["--project", theirs.folder, "--generate", file];
    this.sharing = this.#stack.use(await machine.share(args));
  }

  /** A checkout with only the newest commit of another. */
  async shallow(from: Repository, name: string): Promise<Repository> {
    const folder = this.machine.path(name);
    await from.git("clone", "-q", "--depth=1", `file://${from.folder}`, folder);
    return Repository.at(folder);
  }

  /** Arguments that compare with the checkout in `folder`. */
  args(folder: string, address = this.sharing.address): string[] {
    const words = String(this.sharing.ready.invite);
    return ["--project", this.machine.path(folder), words, address];
  }

  /** Arguments for events; the document goes to a file that is not there yet. */
  events(folder: string, address = this.sharing.address): string[] {
    const output = this.machine.path(crypto.randomUUID());
    return ["--json", "--output", output, ...this.args(folder, address)];
  }

  /** Receives; returns the relation of the checkout in `folder`. */
  async relation(folder: string, options: StartOptions = {}): Promise<unknown> {
    const { machine } = this;
    const env = { GIT_CEILING_DIRECTORIES: machine.folder, ...options.env };
    const ended = await machine.run("receive", this.events(folder), { env });
    assertSuccess(ended);
    return ended.events.at(-1)!.checkout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

Deno.test("receive --project says how the checkout stands to the sender's commit", async () => {
  await using stage = await Stage.make();
  const { machine, theirs } = stage;
  const behind = await theirs.clone(machine.path("behind"));
  const diverged = await theirs.clone(machine.path("diverged"));
  await theirs.clone(machine.path("missing"));
  await stage.share();
  for (const repository of [behind, diverged]) {
    await repository.git("fetch", "-q", "origin");
  }
  await diverged.commit("other");
  const same = await theirs.clone(machine.path("same"));
  await same.git("checkout", "-q", "--detach");
  await Repository.make(machine.path("unborn"));
  await Deno.mkdir(machine.path("nothing"));
  await Deno.mkdir(machine.path("ahead/part/deep"), { recursive: true });
  const tree = machine.path("tree");
  await behind.git("worktree", "add", "-q", "-b", "side", tree, "origin/main");
  await Deno.mkdir(`${tree}/part`);
  const relations: [folder: string, relation: string, words?: RegExp][] = [
    ["same", "same", /at the same commit/],
    ["ahead", "ahead", /has that commit and newer ones/],
    ["ahead/part/deep", "ahead"],
    ["behind", "behind", /is behind that commit/],
    ["tree", "same"],
    ["tree/part", "same"],
    ["diverged", "diverged", /that commit have diverged/],
    ["missing", "commit_missing", /does not have that commit; fetch it/],
    ["unborn", "no_git_here"],
    ["nothing", "no_git_here", /there is no git checkout here/],
    ["not there", "no_git_here"],
  ];
  await forEach(relations, async ([folder, relation, words]) => {
    const env = { GIT_CEILING_DIRECTORIES: machine.folder };
    assertEquals(await stage.relation(folder), relation, folder);
    if (words === undefined) return;
    const args = stage.args(folder);
    const { stderr } = await machine.run("receive", args, { env });
    assert(words.test(stderr), stderr);
  });
});

Deno.test("receive --project says what a shallow checkout can know, and no more", async () => {
  await using stage = await Stage.make();
  await stage.share();
  const { theirs, ahead } = stage;
  await stage.shallow(theirs, "same");
  await (await stage.shallow(theirs, "newer")).commit("other");
  await stage.shallow(ahead, "missing");
  // Both commits, without what is between them.
  const apart = await stage.shallow(ahead, "apart");
  await apart.git("fetch", "-q", "--depth=1", `file://${theirs.folder}`);
  await forEach([
    ["same", "same"],
    ["newer", "ahead"],
    ["missing", "commit_missing"],
    ["apart", "unknown"],
  ], async ([folder, relation]) => {
    assertEquals(await stage.relation(folder!), relation, folder);
  });
});

Deno.test("receive --project says so, when the sender did not name a commit", async () => {
  await using machine = await Machine.make();
  const project = await Repository.make(machine.path("project"));
  await project.commit("kept.txt");
  const file = await machine.write("a.md", "Body");
  await using sharing = await machine.share(["--generate", file]);
  const received = await machine.run("receive", [
    "--project",
    project.folder,
    sharing.words,
    sharing.address,
  ]);
  assertSuccess(received);
  assertStringIncludes(received.stderr, "the sender did not name a commit");
});

Deno.test({
  name: "receive --project asks git, wherever it is and whatever it inherits",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using stage = await Stage.make();
    await stage.share();
    const without = { PATH: "/nowhere" };
    assertEquals(
      await stage.relation("ahead", { env: without }),
      "no_git_here",
    );
    const inherited = { LD_LIBRARY_PATH: "/nowhere" };
    assertEquals(await stage.relation("ahead", { env: inherited }), "ahead");
  },
});

/** Lines of sh that hang in place of a git with these words. */
function hangAt(words: string): string {
  return `case " $* " in *" ${words} "*) exec sleep 600 ;; esac`;
}

/** Hangs in another process, which notes itself in the home and keeps git's output open. */
const HANGS_BEHIND = `sleep 60 & echo $! >"$HOME/behind"; wait`;

Deno.test({
  name: "receive --project hands over all the same, when git hangs",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using stage = await Stage.make();
    await stage.share();
    const ways = [
      hangAt("--absolute-git-dir"),
      hangAt("cat-file"),
      hangAt("rev-list"),
      HANGS_BEHIND,
    ];
    await forEach(ways, async (before) => {
      await using machine = await Machine.make();
      const git = await NotingGit.on(machine, before);
      const start = performance.now();
      const args = stage.events("ahead");
      const ended = await machine.run("receive", args, git);
      assertSuccess(ended);
      assertEquals(ended.events.at(-1)!.checkout, "unknown", before);
      assert(git.processes().length > 0, before);
      await git.untilRunning(0);
      assert(performance.now() - start < 30_000, before);
      if (before !== HANGS_BEHIND) return;
      Deno.kill(Number(await Deno.readTextFile(`${machine.home}/behind`)));
    });
  },
});

Deno.test({
  name:
    "receive --project starts every git before the first byte, and leaves none",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using stage = await Stage.make();
    await stage.share();
    const { machine, sharing: { port } } = stage;
    const git = await NotingGit.on(machine);
    const hold = async (git: NotingGit, end: (held: Held) => Promise<void>) => {
      await using proxy = new Proxy({ port, holdAfter: [1] });
      const args = stage.events("ahead", proxy.address);
      await using receiving = machine.start("receive", args, git);
      await Promise.race([proxy.held, receiving.ended]);
      await git.untilRunning(2);
      const before = git.processes().length;
      await end({ proxy, receiving });
      await git.untilRunning(0);
      assertEquals(git.processes().length, before);
    };
    await hold(git, async ({ proxy, receiving }) => {
      proxy.release();
      const { events } = await receiving.ended;
      assertEquals(events.at(-1)!.checkout, "ahead");
    });
    await hold(git, async ({ receiving }) => {
      await receiving.stop("SIGKILL");
    });
    // It would not end when its input does.
    await using other = await Machine.make();
    await hold(
      await NotingGit.on(other, hangAt("rev-list")),
      async ({ receiving }) => {
        assertFailure(await receiving.stop(), "INTERRUPTED", "Stopped");
      },
    );
    const lost = await machine.run(
      "receive",
      stage.events("ahead", CLOSED),
      git,
    );
    assertFailure(lost, "UNREACHABLE", "");
    const [project, ahead] = stage.args("ahead");
    const mistyped = [project!, ahead!, "niece-broke-zipppy-iron", CLOSED];
    assertFailure(
      await machine.run("receive", mistyped, git),
      "USAGE",
      '"zipppy"',
    );
    await git.untilRunning(0);
  },
});

/** A receiver that a proxy holds up. */
interface Held {
  proxy: Proxy;
  receiving: ReturnType<Machine["start"]>;
}

/** An address at which nothing listens. */
const CLOSED = "127.0.0.1:9";

Deno.test({
  name: "serve and receive can be stopped at once, while git hangs",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using machine = await Machine.make();
    const git = await NotingGit.on(machine, "exec sleep 600");
    const project = ["--project", machine.work];
    const file = await machine.write("a.md", "Body");
    for (
      const [script, last] of [["serve", file], ["receive", CLOSED]] as const
    ) {
      const args = [...project, "pass", last];
      await using running = machine.start(script, args, git);
      await git.untilRunning(1);
      const start = performance.now();
      assertFailure(await running.stop(), "INTERRUPTED", "Stopped");
      assert(performance.now() - start < 60_000, script);
      await git.untilRunning(0);
    }
  },
});

Deno.test({
  name: "serve --project shares without the facts, when git hangs",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using machine = await Machine.make();
    const project = await Repository.make(machine.path("project"));
    await project.commit("a.md");
    const git = await NotingGit.on(machine, hangAt("status"));
    const args = [
      "--project",
      project.folder,
      "pass",
      `${project.folder}/a.md`,
    ];
    await using sharing = await machine.share(args, git);
    const { project: name, git: facts } = sharing.ready;
    assertEquals([name, facts], ["project", undefined]);
    await git.untilRunning(0);
    const { stderr } = await sharing.stop();
    assertStringIncludes(stderr, "git did not answer within 20 seconds");
  },
});
