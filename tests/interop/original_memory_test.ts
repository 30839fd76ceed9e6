/**
 * Memory bundles between the Python original and us.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertSuccess, uniquePassphrase } from "../support/checks.ts";
import { Machine } from "../support/machine.ts";
import { bundleOf, memoryOf, remember } from "../support/memory.ts";
import { withOriginal } from "./_original.ts";

const { test, runSkill, share } = await withOriginal(["cryptography"]);

const FILES = {
  "MEMORY.md": "# Memory\n\n- [Build](build.md) — Grüße, 한글 and 🎉\n",
  "build.md": '---\nname: build\n---\n"Quoted" and \\ escaped.\n',
};

/** A machine whose project is a git repository, as the original wants it. */
async function machineWithGit(): Promise<Machine> {
  const machine = await Machine.make();
  const args = ["init", "--quiet", machine.path(".")];
  await new Deno.Command("git", { args }).output();
  return machine;
}

test("install takes what bundle.py of the original has made", async () => {
  await using theirs = await machineWithGit();
  await remember(theirs, FILES);
  const path = theirs.path("m.json");
  const script = "memory-share/scripts/bundle.py";
  const made = await runSkill(theirs, script, [path]);
  assertEquals(made.code, 0, made.stderr);

  await using ours = await Machine.make();
  await ours.write("m.json", await Deno.readTextFile(path));
  assertSuccess(await ours.run("install", ["--yes", "m.json"]));
  const { "build.md": build, "MEMORY.md": index } = await memoryOf(ours);
  assertStringIncludes(build!, 'received: "from somebody, project work, on ');
  assertStringIncludes(build!, FILES["build.md"].slice(4));
  assertStringIncludes(index!, "- [Build](build.md) — Grüße, 한글 and 🎉\n");
});

test("install.py of the original takes what bundle has made", async () => {
  await using ours = await Machine.make();
  await remember(ours, { ...FILES, "sub/deep.md": "Only for us.\n" });
  assertSuccess(await ours.run("bundle", ["m.json"]));

  await using theirs = await machineWithGit();
  const bundle = await Deno.readTextFile(ours.path("m.json"));
  const path = await theirs.write("m.json", bundle);
  const script = "memory-receive/scripts/install.py";
  const installed = await runSkill(theirs, script, [path]);
  assertEquals(installed.code, 0, installed.stderr);
  // It takes no sub-folders, and says so.
  assertStringIncludes(installed.stderr, "skipping invalid filename: sub/deep");
  assertEquals(await memoryOf(theirs), FILES);
});

test("receive --legacy --kind memory takes what the original shares", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  const bundle = bundleOf(FILES);
  await using theirs = await share(
    machine,
    bundle,
    [passphrase],
    /on port (\d+)/,
  );
  const address = `127.0.0.1:${theirs.ready[1]}`;
  const args = ["--legacy", "--kind", "memory", "--output", "m.json"];
  assertSuccess(await machine.run("receive", [...args, passphrase, address]));
  assertSuccess(await machine.run("install", ["--yes", "m.json"]));
  assertEquals(Object.keys(await memoryOf(machine)), ["MEMORY.md", "build.md"]);
});
