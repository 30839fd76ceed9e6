/** Received work with files that act by themselves: opened only on the person's word. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { EXIT_CODES } from "../../../lib/errors.ts";
import {
  launchOnTerminal,
  noTerminal,
  withoutColors,
} from "../../support/pseudo_terminal.ts";
import { Received } from "./_received.ts";

const ACTING = [".mcp.json", "package.json"];

/** Work that adds these files, received and not opened. */
async function received(...names: string[]): Promise<Received> {
  const received = await Received.make();
  const disk = Object.fromEntries(names.map((name) => [name, "{}\n"]));
  await received.receive({ disk });
  return received;
}

// Breaks when --yes is taken for granted, or the question is not asked.
Deno.test("work open opens nothing that acts by itself, unless the person says so", async () => {
  await using work = await received(...ACTING);
  const before = await work.untouched();
  const refused = await work.work(["open"], { agrees: false });
  assertEquals(refused.code, 2);
  for (const name of ACTING) assertStringIncludes(refused.stderr, name);
  assertStringIncludes(
    refused.stderr,
    'warning: Claude Code obeys these files without asking when it is started there: ".mcp.json"',
  );
  assertStringIncludes(
    refused.stderr,
    "error: Nothing was opened: 2 files in it act by themselves",
  );
  assertStringIncludes(refused.stderr, "--yes");
  assertEquals(await work.untouched(), before);
  assertEquals((await work.work(["open"])).code, 0);
  assertEquals((await work.work(["undo"])).code, 0);
});

// Breaks when only the commit counts on which the work builds: the sender chooses it.
Deno.test("work open asks about files that act in a commit which was only fetched", async () => {
  await using work = await Received.make();
  const { shop, theirs } = work;
  await theirs.git("switch", "-q", "-c", "x");
  await theirs.write({ ".claude/settings.json": "{}\n", "Makefile": "all:\n" });
  await theirs.commitAll();
  await shop.git("fetch", "-q", theirs.folder, "x:refs/remotes/origin/x");
  await work.receive({ disk: { "a.txt": "changed\n", "Makefile": "x:\n" } });
  const before = await work.untouched();
  const refused = await work.work(["open"], { agrees: false });
  assertEquals(refused.code, EXIT_CODES.NOT_AGREED);
  assertStringIncludes(refused.stderr, "2 files changed");
  assertStringIncludes(
    refused.stderr,
    `warning: 2 files in it act by themselves, once a program reads them:
spread: warning:   .claude/settings.json (the work does not change it, but your checkout has it otherwise, or not at all)
spread: warning:   Makefile
spread: warning: Claude Code obeys these files without asking when it is started there: ".claude/settings.json"
`,
  );
  assertEquals(await work.untouched(), before);
  // In a checkout that has them, only what the work changes counts.
  await shop.git("merge", "-q", "--ff-only", "origin/x");
  const { events } = await work.work(["show", "--summary", "--json"]);
  assertEquals(events.map(({ acting }) => acting), [["Makefile"]]);
});

// Breaks when the question is asked for every file.
Deno.test("work open asks nothing about work in which no file acts by itself", async () => {
  await using work = await received("plain.txt");
  assertEquals((await work.work(["open"], { agrees: false })).code, 0);
});

// Breaks when another answer than yes counts as one.
Deno.test({
  name: "work open asks on a terminal, and opens on yes alone",
  ignore: noTerminal !== null,
  fn: async () => {
    await using work = await received(...ACTING);
    const ask = async (answer: string) => {
      const { machine, shop } = work;
      const { code, text } = await launchOnTerminal(
        machine,
        ["work", "open", "--project", shop.folder],
        { typed: [[/Open it all the same\? \[y\/N\] /, `${answer}\r`]] },
      );
      return [code, withoutColors(text).includes("opened in")];
    };
    assertEquals(await ask(""), [2, false]);
    assertEquals(await ask("n"), [2, false]);
    assertEquals(await ask("y"), [0, true]);
  },
});
