/**
 * The files that commands for memory may touch: the folder that is named, or Claude Code's, and
 * never the whole disk.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertSuccess } from "../../support/checks.ts";
import { Grants } from "../../support/granted.ts";
import { testOnMachine as test } from "../../support/launcher.ts";
import { bundleOf } from "../../support/memory.ts";
import { snapshot } from "../../support/memory_samples.ts";

test("claude-spread install and bundle are never permitted the whole disk", async (machine) => {
  const grants = await Grants.on(machine);
  const lines = [
    ["install", "--yes", "m.json"],
    ["install", "--yes", "--memory", "notes", "m.json"],
    ["install", "--yes", "--memory=/var/notes", "m.json"],
    ["install", "--undo", "--memory", "notes"],
    ["bundle", "m.json"],
    ["bundle", "--memory", "notes", "m.json"],
  ];
  const wide = ["everywhere", "/", machine.folder, "home", "home/"];
  for (const args of lines) {
    const { reads, writes } = await grants.of(args);
    assert(reads.length > 0, args.join(" "));
    const both = [...reads, ...writes].filter((path) => wide.includes(path));
    assertEquals(both, [], args.join(" "));
  }
});

test("claude-spread install --memory installs in the folder that is named, and takes it back", async (machine) => {
  await machine.write("m.json", bundleOf({ "a.md": "Body\n" }));
  const folders = ["notes", "my, notes", machine.path("there/notes")];
  await Deno.mkdir(machine.path("my, notes"));
  await Deno.mkdir(machine.path("there"));
  for (const folder of folders) {
    const at = ["--memory", folder];
    assertSuccess(await machine.run("install", ["--yes", ...at, "m.json"]));
    const path = folder.startsWith("/") ? folder : machine.path(folder);
    assertStringIncludes((await snapshot(path))["a.md"] ?? "", "Body\n");
    assertSuccess(await machine.run("bundle", [...at, `${path}.json`]));
    assertSuccess(await machine.run("install", ["--undo", ...at]));
    const left = await snapshot(path).catch(() => ({}));
    assertEquals(left, {});
  }
  // Claude Code's own folder is not made for it.
  const home = await Array.fromAsync(Deno.readDir(machine.home));
  assert(!home.some(({ name }) => name === ".claude"));
});
