/** `claude-spread install` on a terminal, which the program `script` makes. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { OURS } from "../../support/memory_samples.ts";
import { Machine } from "../../support/machine.ts";
import { bundleOf, memoryOf, remember } from "../../support/memory.ts";
import { noTerminal, withoutColors } from "../../support/pseudo_terminal.ts";
import { type } from "../../support/typing.ts";

/** Runs install on a terminal where somebody types this, one part for each question. */
function typeAt(machine: Machine, args: string[], lines: string[]) {
  return type(machine, "install", args, lines);
}

async function prepared(): Promise<Machine> {
  const machine = await Machine.make();
  await remember(machine, OURS);
  const files = { "build.md": "Theirs.\n", "same.md": "Theirs too.\n" };
  await machine.write("m.json", bundleOf(files));
  return machine;
}

const ANSWERS: [lines: string[], isBuildOurs: boolean, isSameOurs: boolean][] =
  [
    [["\n", "\n", "y\n"], true, true],
    [["t\n", "b\n", "yes\n"], false, true],
    [["o\n", "theirs\n", "Y\n"], true, false],
  ];

for (const [lines, isBuildOurs, isSameOurs] of ANSWERS) {
  Deno.test({
    name: `install asks about each differing file, answered ${
      JSON.stringify(lines)
    }`,
    ignore: noTerminal !== null,
    fn: async () => {
      await using machine = await prepared();
      const { code, text } = await typeAt(machine, ["m.json"], lines);
      assertEquals(code, 0, text);
      assertStringIncludes(text, '"build.md" differs: keep [b]oth');
      const after = await memoryOf(machine);
      assertEquals(after["build.md"] === OURS["build.md"], isBuildOurs);
      assertEquals(after["same.md"] === OURS["same.md"], isSameOurs);
      assertEquals("build-received.md" in after, lines[0] === "\n");
    },
  });
}

Deno.test({
  name: "install installs nothing, when the answer is not yes",
  ignore: noTerminal !== null,
  fn: async () => {
    for (const answer of ["\n", "n\n", "maybe\n"]) {
      await using machine = await prepared();
      const args = ["--on-conflict", "theirs", "m.json"];
      const { code, text } = await typeAt(machine, args, [answer]);
      assertEquals(code, 0, text);
      assert(!text.includes("keep [b]oth"), text);
      assertStringIncludes(text, "Install it? [y/N]");
      assertEquals(await memoryOf(machine), OURS);
    }
  },
});

Deno.test({
  name: "install installs nothing, when Ctrl+C is pressed at a question",
  ignore: noTerminal !== null,
  fn: async () => {
    await using machine = await prepared();
    const { code, text } = await typeAt(machine, ["m.json"], ["t\n", "\x03"]);
    assertEquals(code, 130, text);
    assertStringIncludes(withoutColors(text), "spread: Stopped");
    assertEquals(await memoryOf(machine), OURS);
  },
});

Deno.test({
  name: "install waits for no text that nobody types",
  ignore: noTerminal !== null,
  fn: async () => {
    await using machine = await prepared();
    const { code, text } = await typeAt(machine, [], []);
    assertEquals(code, 2, text);
    assertStringIncludes(text, "no file is named");
  },
});
