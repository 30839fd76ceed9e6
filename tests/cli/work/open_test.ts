/** Received work, opened in a work tree. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { EXIT_CODES } from "../../../lib/errors.ts";
import { forEach } from "../../../lib/testing/for_each.ts";
import { PROGRAMS } from "../../support/environment.ts";
import { withProgram } from "../../support/launcher.ts";
import { programPath } from "../../support/missing.ts";
import { Repository } from "../../support/repository.ts";
import { namesOf, Received } from "./_received.ts";

Deno.test("work open brings commits, index and files; the checkout and its names stay, and undo leaves no trace", async () => {
  await using received = await Received.make();
  const { shop } = received;
  await inTheMiddleOfAMerge(shop);
  const id = await received.receive();
  const [before, names] = [await received.untouched(), await namesOf(shop)];
  const { code, stdout, stderr } = await received.work(["open"]);
  assertEquals(code, 0, stderr);
  assertEquals(stdout, "");
  const folder = `${shop.folder}-from-alex`;
  const lines = stderr.trimEnd().split("\n");
  assertEquals(
    lines.map((line) => line.replace(/commit [0-9a-f]{12}/, "commit HASH")),
    [
      "spread: 1 commit, 3 files changed (+3 −0), on commit HASH",
      "spread: warning: 1 file in it acts by itself, once a program reads it:",
      "spread: warning:   CLAUDE.md",
      `spread: opened in ${folder}, on branch claude-spread/from-alex; your checkout stays as it was`,
      "spread: the work tree corresponds to the sender's folder /home/alex/shop",
      `spread: to go on there: cd ${folder}`,
      `spread: to take all of it away: claude-spread work undo ${id}`,
    ],
  );
  const opened = Repository.at(folder);
  assertEquals(await opened.git("log", "--format=%s", "-2"), "Second\na.txt");
  assertEquals(
    await opened.git("status", "--porcelain"),
    "MM new.txt\n?? untracked.txt",
  );
  assertEquals(await opened.git("show", ":new.txt"), "staged");
  assertEquals(await Deno.readTextFile(`${folder}/new.txt`), "on the disk\n");
  const own =
    /^\.git\/(worktrees|refs\/claude-spread|(logs\/)?refs\/heads\/claude-spread)\//;
  const after = await received.untouched();
  assertEquals(after.filter(([path]) => !own.test(path)), before);
  const again = await received.work(["open"]);
  assertStringIncludes(
    again.stderr,
    `the work ${id} is open already, in ${folder}`,
  );
  const elsewhere = await received.work(["open", "../other"]);
  assertStringIncludes(elsewhere.stderr, `The work ${id} is open already`);
  const undone = await received.work(["undo"], { cwd: received.machine.work });
  assertEquals(undone.code, 0, undone.stderr);
  assertEquals([await received.untouched(), await namesOf(shop)], [
    before,
    names,
  ]);
  assertEquals(await received.left(), []);
});

/** Leaves a checkout with a conflict, a staged change and another. */
async function inTheMiddleOfAMerge(shop: Repository): Promise<void> {
  await shop.git("switch", "-q", "-c", "side");
  await Deno.writeTextFile(`${shop.folder}/a.txt`, "side");
  await shop.git("commit", "-q", "-am", "side");
  await shop.git("switch", "-q", "main");
  await Deno.writeTextFile(`${shop.folder}/a.txt`, "main");
  await shop.git("commit", "-q", "-am", "main");
  await shop.git("merge", "side").catch(() => {});
  await Deno.writeTextFile(`${shop.folder}/b.txt`, "new");
  await shop.git("add", "b.txt");
  await Deno.writeTextFile(`${shop.folder}/b.txt`, "newer");
}

Deno.test("work show, open and undo run nothing that settings of the checkout name", async () => {
  await using received = await Received.make();
  const { shop, machine } = received;
  const mark = `${machine.folder}/mark`;
  const program = `${machine.folder}/program`;
  await Deno.writeTextFile(
    program,
    `#!/bin/sh\necho "$0 $*" >>'${mark}'\ncat\n`,
    { mode: 0o755 },
  );
  for (
    const hook of [
      "post-checkout",
      "reference-transaction",
      "post-index-change",
      "post-commit",
    ]
  ) {
    await Deno.copyFile(program, `${shop.folder}/.git/hooks/${hook}`);
  }
  const later = `${machine.folder}/later`;
  await Deno.writeTextFile(
    later,
    `[filter "later"]\n\tsmudge = ${program}\n\tclean = ${program}\n`,
  );
  await Deno.writeTextFile(
    `${machine.home}/.gitconfig`,
    `[filter "everywhere"]\n\tsmudge = ${program}\n\trequired = true\n`,
  );
  const settings = {
    "core.fsmonitor": program,
    "core.sshCommand": program,
    "core.pager": program,
    "core.editor": program,
    "credential.helper": `!${program}`,
    "alias.worktree": `!${program}`,
    "alias.index-pack": `!${program}`,
    "diff.external": program,
    "diff.here.textconv": program,
    "diff.here.command": program,
    "filter.here.smudge": program,
    "filter.here.clean": program,
    "filter.here.process": program,
    "includeIf.onbranch:claude-spread/**.path": later,
  };
  for (const [name, value] of Object.entries(settings)) {
    await shop.git("config", name, value);
  }
  await received.receive({
    committed: {
      ".gitattributes":
        "*.a filter=here diff=here\n*.b filter=everywhere\n*.c filter=later\n",
      "x.a": "a",
      "x.b": "b",
      "x.c": "c",
    },
    disk: { "x.a": "aa", "x.b": "bb", "x.c": "cc" },
  });
  await Deno.remove(mark).catch(() => {});
  for (const action of ["show", "open", "undo"]) {
    const { code, stderr } = await received.work([action], {
      env: { GIT_EXTERNAL_DIFF: program },
    });
    assertEquals(code, 0, stderr);
    assertEquals(await Deno.readTextFile(mark).catch(() => ""), "", action);
  }
});

Deno.test("work open takes the folder and the branch that are free", async () => {
  await using received = await Received.make();
  const { shop, machine } = received;
  const id = await received.receive();
  const payload = await Deno.readFile(`${machine.state}/work/${id}.work`);
  const { folder } = shop;
  await Deno.mkdir(`${machine.work}/empty`);
  await Deno.mkdir(`${machine.work}/full`);
  await Deno.writeTextFile(`${machine.work}/full/x`, "");
  await Deno.writeTextFile(`${folder}/.git/info/exclude`, "/trees/\n");
  await Deno.mkdir(`${folder}-from-alex`);
  await Deno.writeTextFile(`${folder}-from-alex/x`, "");
  await shop.git("worktree", "add", "-q", "--detach", `${machine.work}/linked`);
  const before = await namesOf(shop);
  const places: [args: string[], worktree: string, cwd?: string][] = [
    [[], `${folder}-from-alex-2`],
    [[], `${folder}-from-alex-2`, `${folder}/deep`],
    [[], `${machine.work}/linked-from-alex`, `${machine.work}/linked`],
    [["../my new"], `${machine.work}/my new`],
    [["../../empty"], `${machine.work}/empty`, `${folder}/deep`],
    [["trees/one"], `${folder}/trees/one`],
    [
      ["--project", folder, "--", "-dash"],
      `${machine.work}/-dash`,
      machine.work,
    ],
  ];
  for (const [args, worktree, cwd] of places) {
    const opened = await received.work(["open", "--json", ...args], { cwd });
    assertEquals(opened.events.at(-1)?.worktree, worktree, opened.stderr);
    const undone = await received.work(["undo", "--json"]);
    assertEquals(undone.code, 0, undone.stderr);
    assertEquals(await namesOf(shop), before);
    await received.keep(payload);
  }
  const refused: [args: string[], words: string][] = [
    [["../full"], "the folder exists, and is not empty"],
    [["inside"], "the folder is in the checkout"],
    [[".git/inside"], "the folder is in the checkout"],
    [["../full/x/y"], "git says"],
  ];
  for (const [args, words] of refused) {
    const { code, stderr } = await received.work(["open", ...args]);
    assertEquals(code, EXIT_CODES.WORK_UNUSABLE, stderr);
    assertStringIncludes(
      stderr,
      `spread: error: Cannot open the work: ${words}`,
    );
    assertEquals(await namesOf(shop), before);
  }
  await shop.git("branch", "claude-spread");
  await shop.git("branch", "claude-spread-from-alex");
  const opened = await received.open();
  assertEquals(
    await opened.git("branch", "--show-current"),
    "claude-spread-from-alex-2",
  );
});

Deno.test("work open says where it cannot: no repository, another one, a partial one, or without its commits", async () => {
  await using received = await Received.make();
  const { shop, machine, theirs } = received;
  await received.receive();
  await Repository.make(machine.path("another")).then((other) =>
    other.commit("x")
  );
  await Deno.mkdir(machine.path("nothing"));
  const behind = await shop.clone(machine.path("behind"));
  await behind.git("reset", "-q", "--hard", "HEAD~");
  await behind.git("update-ref", "-d", "refs/remotes/origin/main");
  await behind.git("remote", "remove", "origin");
  await behind.git("reflog", "expire", "--expire=all", "--all");
  await behind.git("gc", "-q", "--prune=now");
  const shallow = Repository.at(machine.path("shallow"));
  await shop.git(
    "clone",
    "-q",
    "--depth=1",
    `file://${theirs.folder}`,
    shallow.folder,
  );
  const places: [cwd: string, words: string][] = [
    ["nothing", 'Cannot open the work here: "." is not in a git checkout'],
    ["another", "this is not a checkout of the same repository"],
    ["behind", "which this checkout does not have"],
  ];
  for (const [name, words] of places) {
    const { code, stderr } = await received.work(["open"], {
      cwd: machine.path(name),
    });
    assertEquals(code, EXIT_CODES.WORK_UNUSABLE);
    assertStringIncludes(stderr, words);
  }
  await shop.git("config", "uploadpack.allowFilter", "true");
  const partial = machine.path("partial");
  const filter = ["--filter=blob:none", "--no-checkout"];
  await shop.git("clone", "-q", ...filter, `file://${shop.folder}`, partial);
  const lacking = await received.work(["open"], { cwd: partial });
  assertStringIncludes(lacking.stderr, "this checkout is a partial clone");
  assertEquals(
    await Repository.at(partial).git("for-each-ref", "refs/claude-spread"),
    "",
  );
  const saved = await received.work(["save", "../bundle"]);
  assertStringIncludes(
    saved.stderr,
    "saved in ../bundle; to fetch from it in a checkout that has commit",
  );
  // As a person types it.
  const [, typed] = /: git (.*)$/m.exec(saved.stderr)!;
  await shop.git(...typed!.split(" "));
  const opened = await received.work(["open", "--json"], {
    cwd: shallow.folder,
  });
  assertEquals(opened.code, 0, opened.stderr);
  assertEquals((await received.work(["undo"])).code, 0);
});

Deno.test("work open takes all of it back, whatever step the disk is full at", async () => {
  await using received = await Received.make();
  const { shop, machine } = received;
  const id = await received.receive();
  const real = programPath("git");
  const full =
    `case " $* " in *"$FAILS_AT"*) [ ! -e "$HOME/skip" ] || { rm "$HOME/skip"; exec '${real}' "$@"; }
  echo "fatal: write error: No space left on device" >&2; exit 128 ;; esac\nexec '${real}' "$@"`;
  const programs = await withProgram(machine, "git", full);
  const before = [await received.untouched(), await namesOf(shop)];
  const steps: [step: string, skipped?: boolean][] = [
    [" index-pack "],
    [" index-pack ", true],
    [" refs/claude-spread/"],
    [" update-ref --no-deref -m "],
    [" worktree add "],
    [" read-tree --reset "],
    [" read-tree -m "],
  ];
  for (const [step, skipped = false] of steps) {
    if (skipped) await Deno.writeTextFile(`${machine.home}/skip`, "");
    const { code, stderr } = await received.work(["open"], {
      programs,
      env: { FAILS_AT: step },
    });
    assertEquals(code, EXIT_CODES.WORK_UNUSABLE, stderr);
    assertStringIncludes(stderr, "the disk is full");
    assertEquals(
      [await received.untouched(), await namesOf(shop)],
      before,
      step,
    );
    assertEquals(await received.left(), [`${id}.json`, `${id}.work`], step);
  }
  await received.open();
});

Deno.test("work open goes on after one that was killed, and two at once open it once", async () => {
  await using received = await Received.make();
  const { shop, machine } = received;
  const id = await received.receive();
  const before = await namesOf(shop);
  const real = programPath("git");
  const killing =
    `case " $* " in *" read-tree --reset "*) kill -9 $PPID; exit 1 ;; esac\nexec '${real}' "$@"`;
  const programs = await withProgram(machine, "git", killing);
  assertEquals((await received.work(["open"], { programs })).code, 137);
  assert(await namesOf(shop) !== before);
  const removed = await received.work(["undo", id.slice(0, 5)]);
  assertStringIncludes(
    removed.stderr,
    `the work ${id} is removed; it was not open`,
  );
  assertEquals(await namesOf(shop), before);
  await received.receive();
  assertEquals((await received.work(["open"], { programs })).code, 137);
  const both = await Promise.all(
    [1, 2].map(() => received.work(["open", "--json"], { programs: PROGRAMS })),
  );
  const worktree = `${shop.folder}-from-alex`;
  await forEach(both, ({ code, events, stderr }) => {
    assertEquals([code, events.at(-1)?.worktree], [0, worktree], stderr);
    return Promise.resolve();
  });
  assertEquals((await shop.git("worktree", "list")).split("\n").length, 2);
  assertEquals((await received.work(["undo"])).code, 0);
  assertEquals(await namesOf(shop), before);
});

// Breaks when only the branch is looked at, or files that are still missing count.
Deno.test("work open and undo take back nothing that somebody has changed since an opening was killed", async () => {
  await using received = await Received.make();
  const { shop, machine } = received;
  const before = await namesOf(shop);
  const id = await received.receive();
  const real = programPath("git");
  const killing =
    `case " $* " in *" update-index -q --refresh "*) kill -9 $PPID; exit 1 ;; esac\nexec '${real}' "$@"`;
  const programs = await withProgram(machine, "git", killing);
  const folder = `${shop.folder}-from-alex`;
  const lost: [path: string, what: string][] = [
    ["a.txt", "1 changed file"],
    ["mine", "1 changed file"],
    ["x.log", "1 file that git ignores (x.log)"],
  ];
  await Deno.writeTextFile(`${shop.folder}/.git/info/exclude`, "*.log\n");
  for (const [path, what] of lost) {
    assertEquals((await received.work(["open"], { programs })).code, 137);
    await Deno.writeTextFile(`${folder}/${path}`, "mine\n");
    for (const args of [["open"], ["undo", id]]) {
      const { code, stderr } = await received.work(args);
      assertEquals(code, EXIT_CODES.WORK_CHANGED, stderr);
      assertStringIncludes(
        stderr,
        `this would be lost with its folder "${folder}": ${what}`,
      );
    }
    assertEquals(await Deno.readTextFile(`${folder}/${path}`), "mine\n");
    await Deno.remove(`${folder}/${path}`);
    // What is missing was never written, for all one knows.
    assertEquals((await received.work(["open"])).code, 0);
    assertEquals((await received.work(["undo"])).code, 0);
    await received.receive();
  }
  assertEquals((await received.work(["open"], { programs })).code, 137);
  await Deno.writeTextFile(`${folder}/a.txt`, "mine\n");
  assertEquals((await received.work(["undo", id, "--force"])).code, 0);
  assertEquals(await namesOf(shop), before);
});
