/** `claude-spread install --undo`: what comes back, and what cannot. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { OURS } from "../../support/memory_samples.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { bundleOf, memoryFolder, memoryOf } from "../../support/memory.ts";
import { assertUntouched, prepared } from "./_prepared.ts";

Deno.test("install --undo restores byte for byte, and only once", async () => {
  await using machine = await prepared();
  for (const choice of ["keep-both", "theirs", "ours"]) {
    const args = ["--yes", "--on-conflict", choice, "m.json"];
    assertSuccess(await machine.run("install", args));
    const undone = await machine.run("install", ["--undo"]);
    assertSuccess(undone);
    assert(
      /, installed (?:just now|\d+ s ago): \d/.test(undone.stderr),
      undone.stderr,
    );
    await assertUntouched(machine);
    const left = Array.fromAsync(Deno.readDir(memoryFolder(machine)));
    assertEquals((await left).length, Object.keys(OURS).length);
  }
  assertFailure(
    await machine.run("install", ["--json", "--undo"]),
    "NOTHING_TO_UNDO",
    `There is no installation to undo in "${memoryFolder(machine)}"`,
  );
  await assertUntouched(machine);
});

// Breaks when the memory is locked before anything is known to be undone.
Deno.test("install --undo makes no folder where nothing was installed, and puts files back into one that is gone", async () => {
  await using machine = await prepared();
  const missing = machine.path("missing");
  assertFailure(
    await machine.run("install", ["--json", "--undo", "--memory", missing]),
    "NOTHING_TO_UNDO",
    `There is no installation to undo in "${missing}"`,
  );
  assertEquals(await Deno.lstat(missing).catch(() => null), null);
  const args = ["--yes", "--on-conflict", "theirs", "m.json"];
  assertSuccess(await machine.run("install", args));
  await Deno.remove(memoryFolder(machine), { recursive: true });
  assertSuccess(await machine.run("install", ["--undo"]));
  const { "build.md": build } = await memoryOf(machine);
  assertEquals(build, OURS["build.md"]);
});

Deno.test("install --undo keeps what was edited since, and says so", async () => {
  await using machine = await prepared();
  const args = ["--yes", "--on-conflict", "theirs", "m.json"];
  assertSuccess(await machine.run("install", args));
  const folder = memoryFolder(machine);
  const edits = ["MEMORY.md", "build.md", "new/topic.md"];
  for (const name of edits) {
    const options = { append: true };
    await Deno.writeTextFile(`${folder}/${name}`, "- edited\r\n", options);
  }
  const edited = await memoryOf(machine);
  const ended = await machine.run("install", ["--undo"]);
  assertSuccess(ended);
  const after = await memoryOf(machine);
  assertEquals(after, {
    ...OURS,
    "MEMORY.md": `${
      OURS["MEMORY.md"]
    }\r\n## Received from alex@walnut (project shop)\r\n\r\n> - [New](new/topic.md) — new\r\n\r\n- edited\r\n`,
    "build-edited.md": edited["build.md"]!,
    "new/topic.md": edited["new/topic.md"]!,
  });
  for (
    const words of [
      '"build-edited.md" has been edited since, so it stays',
      '"new/topic.md" has been edited since, so it stays',
      "MEMORY.md has been edited since: only the received lines were removed",
    ]
  ) assertStringIncludes(ended.stderr, words);
});

Deno.test("install --undo says how many lines it could not tell from the user's", async () => {
  await using machine = await prepared(bundleOf(
    { "MEMORY.md": "## Build\n\nUse deno.\n\n## Test\n\nAll of them.\n" },
    { sender: "alex@walnut" },
  ));
  assertSuccess(await machine.run("install", ["--yes", "m.json"]));
  const path = `${memoryFolder(machine)}/MEMORY.md`;
  const index = await Deno.readTextFile(path);
  await Deno.writeTextFile(
    path,
    index.replace("> Use deno.", "Mine.\r\n\r\n> Use make.") + "Below.\r\n",
  );
  const ended = await machine.run("install", ["--json", "--undo"]);
  assertSuccess(ended);
  const { "MEMORY.md": left } = await memoryOf(machine);
  const section = left!.slice(OURS["MEMORY.md"]!.length)
    .replaceAll("\r\n", "\n");
  assertEquals(
    section,
    "\n## Received from alex@walnut (project shop)\n\nMine.\n\n> Use make.\n\nBelow.\n",
  );
  assertStringIncludes(
    ended.stderr,
    "1 received line in MEMORY.md is not as received any more; 1 line in its quote stays with its heading: check it",
  );
  const { index_missing, index_left } = ended.events.at(-1)!;
  assertEquals([index_missing, index_left], [1, 1]);
});

Deno.test("install --undo says so, when the entry in the history is damaged", async () => {
  await using machine = await prepared();
  assertSuccess(await machine.run("install", ["--yes", "m.json"]));
  const after = await memoryOf(machine);
  const record = (await machine.kept()).find((path) =>
    path.endsWith("record.json")
  );
  await Deno.writeTextFile(`${machine.state}/${record}`, "{}");
  assertFailure(
    await machine.run("install", ["--json", "--undo"]),
    "PAYLOAD_UNREADABLE",
    `Cannot read "${machine.state}/${record}"`,
    "files",
  );
  assertEquals(await memoryOf(machine), after);
});

Deno.test("install --undo says so and changes nothing, when a copy is damaged or gone", async () => {
  await using machine = await prepared();
  const args = ["--yes", "--on-conflict", "theirs", "m.json"];
  assertSuccess(await machine.run("install", args));
  const after = await memoryOf(machine);
  const kept = await machine.kept();
  const copy = `${machine.state}/${
    kept.find((path) => path.endsWith("/files/build.md"))
  }`;
  for (const damage of [() => Deno.writeTextFile(copy, "x"), Deno.remove]) {
    await damage(copy);
    assertFailure(
      await machine.run("install", ["--json", "--undo"]),
      "PAYLOAD_UNREADABLE",
      `Cannot undo the installation: the copy "${copy}" is missing or was changed`,
    );
    assertEquals(await memoryOf(machine), after);
  }
});
