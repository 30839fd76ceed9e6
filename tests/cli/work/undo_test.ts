/** Opened work, taken away again: with everything, and with nothing that a person has added. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { EXIT_CODES } from "../../../lib/errors.ts";
import { launchOnTerminal, noTerminal } from "../../support/pseudo_terminal.ts";
import { Repository } from "../../support/repository.ts";
import { namesOf, Received } from "./_received.ts";

Deno.test("work undo asks for all that would be lost, and for nothing else", async () => {
  await using received = await Received.make();
  const { shop, theirs, machine } = received;
  const inner = await Repository.make(machine.path("inner"));
  await inner.commit("x");
  await theirs.git("submodule", "--quiet", "add", inner.folder, "sub");
  await theirs.commitAll();
  await shop.git("fetch", "-q", theirs.folder);
  await received.receive({
    committed: { ".gitignore": "*.log\n", "new.txt": "committed\n" },
    staged: { "new.txt": "staged\n" },
    disk: { "new.txt": "on the disk\n" },
  });
  const opened = await received.open();
  const { folder } = opened;
  const write = (path: string) =>
    Deno.writeTextFile(`${folder}/${path}`, "mine\n");
  // Each adds to what came and takes it back again.
  const came = await opened.git("rev-parse", "HEAD");
  const commit = (message: string) =>
    opened.git("commit", "-q", "--allow-empty", "--no-gpg-sign", "-m", message);
  const losses: [
    what: string,
    add: () => Promise<unknown>,
    back: () => Promise<unknown>,
  ][] = [
    [
      "1 changed file",
      () => write("new.txt"),
      () => Deno.writeTextFile(`${folder}/new.txt`, "on the disk\n"),
    ],
    [
      "1 changed file",
      () => write("a file"),
      () => Deno.remove(`${folder}/a file`),
    ],
    [
      "1 changed file",
      () => Deno.remove(`${folder}/a.txt`),
      () => opened.git("checkout", "--", "a.txt"),
    ],
    [
      "1 changed file",
      () => opened.git("reset", "-q", "new.txt"),
      () =>
        opened.git(
          "update-index",
          "--cacheinfo",
          "100644",
          stagedHash,
          "new.txt",
        ),
    ],
    [
      "1 file that git ignores (x.log)",
      () => write("x.log"),
      () => Deno.remove(`${folder}/x.log`),
    ],
    [
      "1 submodule that is checked out (sub)",
      async () => {
        await opened.git("submodule", "--quiet", "update", "--init");
        await write("sub/x");
      },
      () => opened.git("submodule", "--quiet", "deinit", "--force", "sub"),
    ],
    [
      "a lock on its work tree",
      () => shop.git("worktree", "lock", folder),
      () => shop.git("worktree", "unlock", folder),
    ],
    [
      "1 commit that is nowhere else",
      () => commit("mine"),
      () => opened.git("reset", "-q", "--soft", came),
    ],
    [
      "2 commits that are nowhere else",
      async () => {
        await opened.git("checkout", "-q", "--detach");
        await commit("one");
        await commit("two");
      },
      () =>
        opened.git(
          "symbolic-ref",
          "HEAD",
          "refs/heads/claude-spread/from-alex",
        ),
    ],
  ];
  const stagedHash = await opened.git("rev-parse", ":new.txt");
  for (const [what, add, back] of losses) {
    await add();
    const { code, stderr, events } = await received.work(["undo", "--json"]);
    assertEquals([code, events.at(-1)?.error], [
      EXIT_CODES.WORK_CHANGED,
      "WORK_CHANGED",
    ], what);
    assertStringIncludes(stderr, `because this would be lost: ${what}`);
    assertStringIncludes(stderr, "--force");
    await back();
  }
  // A commit that another branch has as well is not lost, nor is a stash.
  await commit("mine");
  await shop.git("branch", "kept", "claude-spread/from-alex");
  await opened.git("reset", "-q", "--soft", came);
  const { code, stderr } = await received.work(["undo"]);
  assertEquals(code, 0, stderr);
  assertEquals(await Deno.stat(folder).catch(() => null), null);
});

Deno.test("work undo takes away what is changed, when a person agrees or says --force", async () => {
  await using received = await Received.make();
  const { shop, machine } = received;
  const before = await namesOf(shop);
  const id = await received.receive();
  const payload = await Deno.readFile(`${machine.state}/work/${id}.work`);
  const opened = await received.open();
  await Deno.writeTextFile(`${opened.folder}/mine`, "");
  await opened.git("commit", "-q", "--no-gpg-sign", "-m", "mine");
  if (noTerminal === null) {
    const question = /all the same\? \[y\/N\] /;
    const no = await launchOnTerminal(machine, ["work", "undo"], {
      typed: [[question, "\r"]],
    });
    assertEquals(no.code, EXIT_CODES.WORK_CHANGED, no.text);
    assertStringIncludes(
      no.text,
      "1 commit that is nowhere else, 1 changed file",
    );
    const yes = await launchOnTerminal(machine, ["work", "undo"], {
      typed: [[question, "y\r"]],
    });
    assertEquals(yes.code, 0, yes.text);
  } else assertEquals((await received.work(["undo", "--force"])).code, 0);
  assertEquals(await namesOf(shop), before);
  assertEquals(await received.left(), []);
  // With conflicts in it, too.
  await received.keep(payload);
  const again = await received.open();
  // What keeps the command from looking is no merge.
  await shop.git("config", "filter.a=b.clean", "cat");
  const unseen = await received.work(["undo"]);
  assertStringIncludes(
    unseen.stderr,
    'Cannot look at the opened work: a filter in the settings of git has "="',
  );
  await shop.git("config", "--unset", "filter.a=b.clean");
  await again.git("stash", "-q");
  await Deno.writeTextFile(`${again.folder}/new.txt`, "other");
  await again.git("commit", "-qam", "other", "--no-gpg-sign");
  await again.git("stash", "pop").catch(() => {});
  const unmerged = await received.work(["undo"]);
  assertStringIncludes(
    unmerged.stderr,
    "1 commit that is nowhere else, an unfinished merge",
  );
  const forced = await received.work(["undo", "--force"]);
  assertEquals(forced.code, 0, forced.stderr);
  // The stash is the repository's own.
  assertStringIncludes(await shop.git("stash", "list"), "from-alex");
});

Deno.test("work undo finds its work tree, its branch and its checkout, whatever became of them", async () => {
  await using received = await Received.make();
  const { shop, machine } = received;
  const id = await received.receive();
  const payload = await Deno.readFile(`${machine.state}/work/${id}.work`);
  const before = await namesOf(shop);
  const branch = "claude-spread/from-alex";
  const elsewhere = machine.path("elsewhere");
  const undone = async (words: string, cwd?: string) => {
    const { code, stderr } = await received.work(
      ["undo"],
      cwd === undefined ? {} : { cwd },
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, words);
    assertEquals(await received.left(), []);
    await received.keep(payload);
  };
  let opened = await received.open();
  await Deno.remove(opened.folder, { recursive: true });
  // It is opened anew where it was.
  opened = await received.open();
  assertStringIncludes(
    await Deno.readTextFile(`${opened.folder}/untracked.txt`),
    "untracked",
  );
  await Deno.remove(opened.folder, { recursive: true });
  await undone(`the work ${id} is gone`);
  assertEquals(await namesOf(shop), before);

  opened = await received.open();
  await shop.git("worktree", "move", opened.folder, elsewhere);
  await undone(`the work ${id} is gone`);
  assertEquals(await namesOf(shop), before);

  opened = await received.open();
  await opened.git("branch", "-m", "mine");
  await undone(`the work ${id} is gone`);
  assertStringIncludes(await shop.git("branch", "--list"), "mine");
  await shop.git("branch", "-D", "mine");

  opened = await received.open();
  await opened.git("checkout", "-q", "--detach");
  await shop.git("worktree", "add", "-q", elsewhere, branch);
  await undone(
    `the branch ${branch} stays, because another work tree has it checked out`,
  );
  assertStringIncludes(await namesOf(shop), branch);
  await shop.git("worktree", "remove", elsewhere);
  await shop.git("branch", "-D", branch);

  const linked = machine.path("linked");
  await shop.git("worktree", "add", "-q", "--detach", linked);
  await received.work(["open"], { cwd: linked });
  await shop.git("worktree", "remove", linked);
  await undone(`the work ${id} is gone`, machine.work);
  assertEquals(await namesOf(shop), before);

  opened = await received.open();
  const moved = Repository.at(machine.path("moved"));
  await Deno.rename(shop.folder, moved.folder);
  await undone(`the work ${id} is gone`, moved.folder);
  assertEquals((await moved.git("worktree", "list")).split("\n").length, 1);
  assertEquals(await Deno.stat(opened.folder).catch(() => null), null);
  await Deno.rename(moved.folder, shop.folder);

  opened = await received.open();
  await Deno.remove(shop.folder, { recursive: true });
  await undone(`what is left in ${opened.folder} stays`, machine.work);
  assert((await Deno.stat(opened.folder)).isDirectory);
});

Deno.test("work undo and open take the right work: the one named, or the last one", async () => {
  await using received = await Received.make();
  const none = await received.work(["undo"]);
  assertStringIncludes(none.stderr, "spread: error: No work is open");
  const nothing = await received.work(["open"]);
  assertStringIncludes(nothing.stderr, "This machine has received no work");
  const ago = (minutes: number) => ({
    received: new Date(Date.now() - minutes * 60_000),
  });
  const first = await received.receive({ disk: { one: "1" } }, ago(20));
  const second = await received.receive({ disk: { two: "2" } }, ago(10));
  const unknown = await received.work(["open", "--id", "zz"]);
  assertStringIncludes(
    unknown.stderr,
    'This machine has received no work with the ID "zz"',
  );
  const ambiguous = await received.work(["show", ""]);
  assertStringIncludes(
    ambiguous.stderr,
    "More than one piece of work has an ID",
  );
  const newest = await received.open();
  assertEquals(await Deno.readTextFile(`${newest.folder}/two`), "2");
  const named = await received.open("--id", first.toUpperCase());
  assertEquals(await Deno.readTextFile(`${named.folder}/one`), "1");
  assertEquals(
    (await received.work(["list", "--json"])).events.map(({ id }) => id),
    [second, first],
  );
  // That which was opened last, although it was received first.
  const last = await received.work(["undo", "--json"]);
  assertEquals(last.events.at(-1)?.id, first);
  const other = await received.work(["undo", "--json"]);
  assertEquals(other.events.at(-1)?.id, second);
  assertEquals(await received.left(), []);
});
