import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Command, COMMANDS } from "../commands.ts";
import { commandHelp, overview } from "./help_text.ts";

for (const width of [40, 60, 80]) {
  Deno.test(`overview() and commandHelp() keep to ${width} columns`, () => {
    const texts = [
      overview(width),
      ...Object.keys(COMMANDS).map((name) => commandHelp(name, width)),
    ];
    const long = texts.flatMap((text) => text.split("\n"))
      // The usage and the examples are one line each, to be copied.
      .filter((line) => !/^Usage: |^ {2}claude-spread /.test(line))
      .filter((line) => line.length > width);
    assertEquals(long, []);
  });
}

Deno.test("overview() names every command that is for people, and no other", () => {
  for (const [name, { internal }] of Object.entries<Command>(COMMANDS)) {
    assertEquals(overview().includes(`\n  ${name} `), !internal, name);
  }
});

Deno.test("commandHelp() names every option that a person may type, and no other", () => {
  for (const [name, command] of Object.entries<Command>(COMMANDS)) {
    const text = commandHelp(name);
    for (const [option, { internal }] of Object.entries(command.options)) {
      const isNamed = new RegExp(`--${option}(?![a-z-])`).test(text);
      assert(isNamed || internal, `${name}: --${option} is not explained`);
    }
    assert(!/^ {2}--child\b/m.test(text), name);
  }
});

Deno.test("commandHelp() explains all commands of a group, and nothing else for a name without any", () => {
  const groups = {
    sessions: ["list", "export", "install", "undo"],
    work: ["list", "show", "open", "undo", "save"],
  };
  for (const [group, names] of Object.entries(groups)) {
    const text = commandHelp(group);
    for (const name of names) {
      assertStringIncludes(
        text,
        `Usage: claude-spread ${group} ${name} [options]`,
      );
    }
  }
  assertEquals(commandHelp("nothing"), "");
});
