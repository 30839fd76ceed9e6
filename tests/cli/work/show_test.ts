/** Received work, listed, shown and saved. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { EXIT_CODES } from "../../../lib/errors.ts";
import {
  launchOnTerminal,
  noTerminal,
  withoutColors,
} from "../../support/pseudo_terminal.ts";
import { Workshop } from "../../work/_payload.ts";
import { Received } from "./_received.ts";

/** What steers a terminal or turns the direction of text, but for line ends. */
const STEERING = /(?!\n)[\p{Cc}\p{Bidi_C}]/u;

Deno.test("work list, show and open print nothing hostile as it came", async () => {
  await using received = await Received.make();
  const { theirs, shop } = received;
  const workshop = await Workshop.on(theirs);
  const evil = "\x1b]0;owned\x07\u202egnp.exe\x9b2J";
  const name = "a\u202egnp.exe";
  const hash = await workshop.blob(`${evil}\nspread: opened in /\n`);
  const tree = await workshop.tree({ name: "CLAUDE.md", hash }, { name, hash });
  const head = await workshop.commit(workshop.baseTree, [workshop.base], evil);
  const staged = await workshop.commit(workshop.baseTree, [head]);
  const work = await workshop.commit(tree, [staged]);
  const header = {
    branch: name,
    project: name,
    root: `/home/${name}`,
    left_out: [{ path: name, reason: "unheard of" }],
  };
  const payload = await workshop.payload({ head, staged, work }, { header });
  await received.keep(payload, { from: `${name}\n@x` });
  for (
    const args of [["list"], ["show"], ["show", "--summary"], ["open"], [
      "open",
    ]]
  ) {
    const { code, stdout, stderr } = await received.work(args);
    assertEquals(code, 0, stderr);
    assert(!STEERING.test(stdout.replaceAll("\t", "")), JSON.stringify(stdout));
    assert(!STEERING.test(stderr), JSON.stringify(stderr));
    assert(!/^spread: opened in \/$/m.test(stderr));
  }
  assertEquals((await received.work(["undo"])).code, 0);
  assertEquals((await shop.git("worktree", "list")).split("\n").length, 1);
});

Deno.test("work show names files that act by themselves first, then commits, files and changes", async () => {
  await using received = await Received.make();
  const id = await received.receive();
  const { code, stdout, stderr } = await received.work(["show"]);
  assertEquals(code, 0, stderr);
  assertEquals(
    stderr.replace(/[0-9a-f]{12}/g, "HASH"),
    `spread: 1 commit, 3 files changed (+3 −0), on commit HASH
spread: warning: 1 file in it acts by itself, once a program reads it:
spread: warning:   CLAUDE.md
spread:   commit HASH Second
spread:   new CLAUDE.md (+1 −0)
spread:   new new.txt (+1 −0)
spread:   new untracked.txt (+1 −0)
`,
  );
  assertStringIncludes(
    stdout,
    "+++ b/untracked.txt\n@@ -0,0 +1 @@\n+untracked\n",
  );
  const events =
    (await received.work(["show", "--json", id.slice(0, 4)])).events;
  assertEquals(events.map(({ event, acting }) => [event, acting]), [["work", [
    "CLAUDE.md",
  ]]]);

  const { theirs } = received;
  const workshop = await Workshop.on(theirs);
  const header = { under_way: ["merge", "sparse checkout"] };
  const payload = await workshop.files(workshop.baseTree, { header });
  const named = await received.keep(payload);
  assertStringIncludes(
    (await received.work(["show", named, "--summary"])).stderr,
    "spread: a merge was under way at the sender\n" +
      "spread: the sender's checkout is sparse; all files came along\n",
  );
});

Deno.test("work list fits the screen, and says when there is nothing", async () => {
  await using received = await Received.make();
  const { machine } = received;
  const empty = await received.work(["list"]);
  assertEquals([empty.code, empty.stderr], [
    0,
    "spread: no work has been received\n",
  ]);
  const id = await received.receive();
  await received.open();
  const other = await received.receive({ disk: { a: "a" } }, {
    from: "a-very-long-name-of-a-person@a-very-long-name-of-a-machine",
  });
  const { stdout } = await received.work(["list"]);
  assertEquals(stdout.split("\n").map((line) => line.slice(0, 8)), [
    "ID      ",
    other,
    id,
    "",
  ]);
  assertStringIncludes(stdout, `${machine.path("shop")}-from-alex`);
  if (noTerminal !== null) return;
  for (const columns of [40, 80, 200]) {
    const { code, text } = await launchOnTerminal(machine, ["work", "list"], {
      columns,
    });
    assertEquals(code, 0);
    const lines = withoutColors(text).trimEnd().split("\n");
    assertEquals(lines.filter((line) => [...line].length > columns), []);
    assert(lines.some((line) => line.includes(id)));
  }
});

Deno.test("work commands leave alone what they cannot read, and remove what nobody opened for a week", async () => {
  await using received = await Received.make();
  const { machine } = received;
  const folder = `${machine.state}/work`;
  const days = (count: number) =>
    new Date(Date.now() - count * 24 * 3600 * 1000);
  const stale = await received.receive({ disk: { a: "a" } }, {
    received: days(8),
  });
  const opened = await received.receive({ disk: { b: "b" } });
  await received.open();
  const path = `${folder}/${opened}.json`;
  const entry = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(
    path,
    JSON.stringify({ ...entry, received: days(8).toISOString() }),
  );
  await Deno.writeTextFile(`${folder}/00000000.json`, "{");
  await Deno.writeTextFile(
    `${folder}/00000001.json`,
    JSON.stringify({ ...entry, id: "00000001", version: 2 }),
  );
  const orphans = ["00000001.work", "00000002.work", crypto.randomUUID()];
  for (const name of orphans) {
    await Deno.writeTextFile(`${folder}/${name}`, "");
    await Deno.utime(`${folder}/${name}`, days(8), days(8));
  }
  await Deno.writeTextFile(`${folder}/00000003.work`, "");
  await Deno.writeTextFile(
    `${folder}/00000004.json`,
    JSON.stringify({ ...entry, id: "00000004", opened: undefined }),
  );
  await Deno.writeTextFile(`${folder}/00000004.work`, "no work");
  const { events } = await received.work(["list", "--json"]);
  assertEquals(events.map(({ id }) => id).sort(), ["00000004", opened].sort());
  const left = await received.left();
  for (const name of [`${stale}.json`, `${stale}.work`, ...orphans]) {
    assert(!left.includes(name), name);
  }
  assertEquals(left.filter((name) => name.startsWith("0000")), [
    "00000000.json",
    "00000001.json",
    "00000003.work",
    "00000004.json",
    "00000004.work",
  ]);
  const broken = await received.work(["open", "--id", "00000004"]);
  assertEquals(broken.code, EXIT_CODES.WORK_REFUSED);
  assertStringIncludes(broken.stderr, "its description is broken");
  const saved = await received.work(["save", "--id", "00000004", "../bundle"]);
  assertStringIncludes(saved.stderr, "its description is broken");
  assertEquals(await Deno.stat(machine.path("bundle")).catch(() => null), null);
  // What is not read by others from the beginning stays so.
  const modes = [...Deno.readDirSync(folder)].filter(({ name }) =>
    /^(lock|worktrees)$/.test(name)
  )
    .map(({ name }) => Deno.statSync(`${folder}/${name}`).mode! & 0o777);
  assertEquals(modes, [0o600, 0o600]);
});
