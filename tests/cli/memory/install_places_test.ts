/** Memory folders that `claude-spread install` cannot or must not write to, and others that write there. */

import { assert, assertEquals } from "@std/assert";
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

Deno.test("install lets no repository choose a folder that configures Claude Code", async () => {
  await using machine = await prepared();
  const settings = machine.path(".claude/settings.json");
  await Deno.mkdir(machine.path(".claude"));
  const choose = (autoMemoryDirectory: string) =>
    Deno.writeTextFile(settings, JSON.stringify({ autoMemoryDirectory }));
  for (
    const folder of [
      ".claude/commands",
      ".claude/plans",
      "other/.claude",
      "other/.claude/agents/memory",
      "other/.Claude/rules",
    ]
  ) {
    await choose(`~/${folder}`);
    assertFailure(
      await machine.run("install", ["--json", "--yes", "m.json"]),
      "MEMORY_UNUSABLE",
      `Cannot use the memory in "${machine.folder}/home/${folder}": it leads into the configuration of Claude Code`,
    );
    await assertUntouched(machine);
  }
  await choose("~/notes");
  assertSuccess(await machine.run("install", ["--yes", "m.json"]));
  const notes = Deno.readDir(`${machine.folder}/home/notes`);
  assertEquals((await Array.fromAsync(notes)).length, 5);
  await choose("~/other/.claude/memory");
  assertSuccess(await machine.run("install", ["--yes", "m.json"]));
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
