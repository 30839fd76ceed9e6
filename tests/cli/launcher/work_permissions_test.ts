/**
 * `bin/claude-spread`: what commands may read for unfinished work, sent and received.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { Grants } from "../../support/granted.ts";
import {
  type LaunchOptions,
  testOnMachine as test,
} from "../../support/launcher.ts";

/** Paths that the second command line may read, and the first may not. */
async function added(
  grants: Grants,
  less: string[],
  more: string[],
  options: LaunchOptions = {},
): Promise<string[]> {
  const before = await grants.of(less, options);
  const { reads, writes } = await grants.of(more, options);
  assertEquals(writes, before.writes);
  return reads.filter((path) => !before.reads.includes(path)).sort();
}

test("claude-spread lets serve --with-work read the checkout around its project, unless that holds the home", async (machine) => {
  await Deno.mkdir(machine.path("repo/.git"), { recursive: true });
  await Deno.mkdir(machine.path("repo/a/b"), { recursive: true });
  await Deno.mkdir(machine.path("tree/in"), { recursive: true });
  await machine.write("tree/.git", "gitdir: /w/t\n");
  const grants = await Grants.on(machine);
  const serve = ["serve", "--project"];
  const table: [project: string, reads: string[]][] = [
    ["repo/a/b", ["work/repo"]],
    ["tree/in", ["work/tree"]],
    ["missing", []],
  ];
  for (const [project, reads] of table) {
    const line = [...serve, project, "a.md"];
    const found = await added(grants, line, [...line, "--with-work"]);
    assertEquals(found, reads, project);
    // It is the text to share then.
    const last = [...serve, project, "--", "--with-work"];
    const none = await added(grants, line, last);
    assertEquals(none, ["--with-work"], project);
  }
  for (const folder of [machine.folder, machine.home]) {
    await Deno.mkdir(`${folder}/.git`);
    const line = [...serve, `${machine.home}/x`, "a.md"];
    const found = await added(grants, line, [...line, "--with-work"]);
    assertEquals(found, [], folder);
  }
  // The checkout is found without the link.
  const link = `${machine.folder}/link`;
  await Deno.symlink(machine.home, link);
  await Deno.mkdir(`${machine.home}/x`);
  const options = { env: { HOME: link } };
  for (const project of [`${machine.home}/x`, `${link}/x`]) {
    const line = [...serve, project, "a.md"];
    const found = await added(grants, line, [...line, "--with-work"], options);
    assertEquals(found, [], project);
  }
});

test("claude-spread lets commands read the work trees that are open, and what git says of them", async (machine) => {
  await Deno.mkdir(machine.path("tree"));
  await machine.write("tree/.git", "gitdir: /w/t\n");
  await machine.write("file", "");
  const list = `${machine.state}/work/worktrees`;
  await Deno.mkdir(`${machine.state}/work`, { recursive: true });
  const lines = [
    ["receive", "words"],
    ["work", "list"],
    ["work", "undo"],
    ["skill", "distill-receive"],
    ["skill", "sessions-receive"],
    ["skill", "work"],
  ];
  const grants = await Grants.on(machine);
  const reads = async (line: string[]) => (await grants.of(line)).reads;
  const before = await Promise.all(lines.map(reads));
  const others = [machine.path("file"), machine.home, "/", "", "/missing"];
  const roots = [machine.path("tree"), ...others];
  await Deno.writeTextFile(list, roots.map((root) => `${root}\n`).join(""));
  for (const [i, line] of lines.entries()) {
    assertEquals(
      (await reads(line)).filter((path) => !before[i]!.includes(path)).sort(),
      ["/w/t/HEAD", "/w/t/commondir", "/w/t/gitdir"]
        .concat("work/tree", "work/tree/.git"),
      line.join(" "),
    );
  }
  // What is shared has nothing to do with them.
  const { reads: shared } = await grants.of(["serve", "a.md"]);
  assertEquals(shared.filter((path) => path.includes("tree")), []);
});
