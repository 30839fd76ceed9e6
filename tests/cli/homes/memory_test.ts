/**
 * The memory of a project bundled on one machine and installed on another, both with a home of
 * the same kind.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertSuccess } from "../../support/checks.ts";
import { HOMES } from "../../support/homes.ts";
import { Machine } from "../../support/machine.ts";
import { memoryFolder, memoryOf, remember } from "../../support/memory.ts";

for (const home of HOMES) {
  Deno.test(`bundle, install and install --undo do their work, with a home ${home.name}`, async () => {
    await using alice = await Machine.make(undefined, home);
    await using bob = await Machine.make(undefined, home);
    await remember(alice, { "build.md": "Run `make`.\n" });
    assertSuccess(await alice.run("bundle", ["m.json"]));
    await Deno.copyFile(alice.path("m.json"), bob.path("m.json"));
    // Twice: the first makes the folder, the second finds it.
    for (const _time of ["first", "second"]) {
      assertSuccess(await bob.run("install", ["--yes", "m.json"]));
      const after = await memoryOf(bob);
      assertStringIncludes(after["build.md"] ?? "", "Run `make`.\n");
      assertSuccess(await bob.run("install", ["--undo"]));
      assertEquals(await memoryOf(bob), {});
    }
    assertEquals(await bob.works(), ["m.json"]);
  });
}

for (const home of HOMES) {
  Deno.test(`install --remove-file adds to a memory and takes its file away, with a home ${home.name}`, async () => {
    await using machine = await Machine.make(undefined, home);
    await remember(machine, { "ours.md": "Ours.\n" });
    const files = { "theirs.md": "Theirs.\n" };
    const bundle = { type: "memory_bundle", project: "shop", files };
    await machine.write("m.json", JSON.stringify(bundle));
    const args = ["--yes", "--remove-file", "m.json"];
    assertSuccess(await machine.run("install", args));
    const after = await memoryOf(machine);
    assertEquals(after["ours.md"], "Ours.\n");
    assertStringIncludes(after["theirs.md"] ?? "", "Theirs.\n");
    assertEquals(await machine.works(), []);
    assertSuccess(await machine.run("install", ["--undo"]));
    assertEquals(await memoryOf(machine), { "ours.md": "Ours.\n" });
    assertEquals((await Deno.stat(memoryFolder(machine))).isDirectory, true);
  });
}
