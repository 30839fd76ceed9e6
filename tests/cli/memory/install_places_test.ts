/** Memory folders that `claude-spread install` cannot or must not write to, and others that write there. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { realDisk } from "../../../lib/files/disk.ts";
import { HeldFolder } from "../../../lib/memory/change/held_folder.ts";
import { OURS } from "../../support/memory_samples.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import {
  onSmallDisk,
  whyNoPermissions,
  whyNoSmallDisk,
  withoutPrivilege,
} from "../../support/isolation.ts";
import { bundleOf, memoryFolder, memoryOf } from "../../support/memory.ts";
import { assertUntouched, prepared } from "./_prepared.ts";

const noPermissions = await whyNoPermissions();
const noSmallDisk = await whyNoSmallDisk();

Deno.test("install waits for nobody, when another command changes the memory", async () => {
  await using machine = await prepared();
  {
    await using _held = await HeldFolder.take(memoryFolder(machine), realDisk);
    for (const args of [["--yes", "m.json"], ["--undo"]]) {
      assertFailure(
        await machine.run("install", ["--json", ...args]),
        "MEMORY_BUSY",
        `Cannot change the memory in "${memoryFolder(machine)}"`,
        "Wait for it to end",
      );
    }
  }
  await assertUntouched(machine);
});

Deno.test("install leaves one whole memory, when two run at once", async () => {
  await using machine = await prepared();
  const runs = await Promise.all(
    Array.from(
      { length: 4 },
      () => machine.run("install", ["--yes", "m.json"]),
    ),
  );
  const codes = runs.map(({ code }) => code);
  assert(codes.includes(0) && codes.every((code) => code === 0 || code === 6));
  const after = await memoryOf(machine);
  assertSuccess(await machine.run("install", ["--yes", "m.json"]));
  assertEquals(await memoryOf(machine), after);
  assertSuccess(await machine.run("install", ["--undo"]));
  await assertUntouched(machine);
});

Deno.test({
  name: "install writes through no link, and nothing else then",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await prepared();
    const folder = memoryFolder(machine);
    await Deno.symlink(machine.path("."), `${folder}/new`);
    for (const args of [["--yes"], ["--dry-run"]]) {
      assertFailure(
        await machine.run("install", ["--json", ...args, "m.json"]),
        "MEMORY_UNUSABLE",
        `Cannot write to "${folder}/new": it is a link`,
      );
    }
    await Deno.remove(`${folder}/new`);
    await assertUntouched(machine);
    assertEquals(await machine.works(), ["m.json"]);
  },
});

Deno.test({
  name:
    "install follows a memory that leads out of the home folder only when told to",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await prepared();
    const folder = memoryFolder(machine);
    const outside = `${machine.folder}/outside`;
    await Deno.rename(folder, outside);
    await Deno.symlink(outside, folder);
    assertFailure(
      await machine.run("install", ["--json", "--yes", "m.json"]),
      "MEMORY_UNUSABLE",
      `Cannot use the memory in "${folder}": it leads out of the home folder`,
      `--memory "${outside}"`,
    );
    await assertUntouched(machine);
    const args = ["--yes", "--memory", outside, "m.json"];
    assertSuccess(await machine.run("install", args));
    assert((await Deno.lstat(folder)).isSymlink);
    assertEquals(Object.keys(await memoryOf(machine)).length, 8);
  },
});

Deno.test("install and bundle let a repository choose a folder of its own for memory, and no other", async () => {
  await using machine = await prepared();
  const settings = machine.path("sub/.claude/settings.json");
  await Deno.mkdir(machine.path("sub/.claude"), { recursive: true });
  await Deno.mkdir(machine.path(".git"));
  await Deno.mkdir(`${machine.folder}/home/notes`);
  await Deno.symlink(`${machine.folder}/home/notes`, machine.path("away"));
  const choose = (autoMemoryDirectory: string) =>
    Deno.writeTextFile(settings, JSON.stringify({ autoMemoryDirectory }));
  const project = ["--json", "--project", "sub"];
  const home = `${machine.folder}/home`;
  const configuration = "into the configuration of Claude Code";
  const out = "out of the project, whose own settings name it";
  const table: [folder: string, real: string, where: string][] = [
    ["~/.claude/commands", `${home}/.claude/commands`, configuration],
    [
      "~/.claude/projects/-x/memory",
      `${home}/.claude/projects/-x/memory`,
      configuration,
    ],
    [memoryFolder(machine), memoryFolder(machine), configuration],
    [
      machine.path(".Claude/rules/a"),
      machine.path(".Claude/rules/a"),
      configuration,
    ],
    ["~/notes", `${home}/notes`, out],
    [machine.path("away"), `${home}/notes`, out],
    [`${machine.folder}/elsewhere`, `${machine.folder}/elsewhere`, out],
    [machine.path(""), machine.path("").replace(/\/$/, ""), out],
  ];
  for (const [folder, real, where] of table) {
    await choose(folder);
    const ended = await machine.run("bundle", [...project, "--preview"]);
    const hint = `--memory "${real}"`;
    assertFailure(ended, "MEMORY_UNUSABLE", "Cannot use the memory", hint);
    assertStringIncludes(ended.stderr, `it leads ${where}, to "${real}"`);
  }
  const ended = await machine.run("install", [...project, "--yes", "m.json"]);
  assertFailure(ended, "MEMORY_UNUSABLE", "Cannot use the memory");
  await assertUntouched(machine);
  assertEquals(await Array.fromAsync(Deno.readDir(`${home}/notes`)), []);
  await choose(machine.path(".notes"));
  assertSuccess(await machine.run("install", [...project, "--yes", "m.json"]));
  const notes = await Array.fromAsync(Deno.readDir(machine.path(".notes")));
  assertEquals(notes.length, 5);
});

Deno.test({
  name: "install says so and changes nothing, when the memory is read-only",
  ignore: noPermissions !== null,
  fn: async () => {
    const table: [string, (folder: string) => string][] = [
      ["", (folder) => folder],
      ["/sub", (folder) => folder],
    ];
    for (const [part, named] of table) {
      await using machine = await prepared();
      const folder = memoryFolder(machine);
      await Deno.chmod(`${folder}${part}`, 0o500);
      const args = ["--json", "--yes", "--on-conflict", "theirs", "m.json"];
      assertFailure(
        await machine.run("install", args, { via: withoutPrivilege() }),
        "CANNOT_STORE",
        `Cannot write to "${named(folder)}"`,
      );
      await Deno.chmod(`${folder}${part}`, 0o700);
      assertEquals(await memoryOf(machine), OURS);
    }
  },
});

Deno.test({
  name: "install says so and changes nothing, when a disk is full half-way",
  ignore: noSmallDisk !== null,
  fn: async () => {
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`${i}.md`, "x".repeat(100_000)]),
    );
    await using machine = await prepared(bundleOf(files));
    const listing = machine.path("listing");
    // The folder around the memory is one disk, so the memory itself is empty there.
    const via = onSmallDisk(`${machine.folder}/home`, 1024, listing);
    assertFailure(
      await machine.run("install", ["--json", "--yes", "m.json"], { via }),
      "CANNOT_STORE",
      `Cannot write to "${memoryFolder(machine)}": the disk is full`,
      "Free some space",
    );
    assertEquals(await Deno.readTextFile(listing), "");
    const full = onSmallDisk(`${machine.state}/memory`, 16, listing);
    assertFailure(
      await machine.run("install", ["--json", "--yes", "m.json"], {
        via: full,
      }),
      "CANNOT_STORE",
      `Cannot write to "${machine.state}/memory`,
    );
    assertEquals(await memoryOf(machine), OURS);
  },
});
