/**
 * The closed door: Claude may run `claude-spread skill NAME`, whose arguments name nothing. What is
 * shared, received and changed comes from the user alone.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { forEach } from "../../../lib/testing/for_each.ts";
import { assertFailure } from "../../support/checks.ts";
import {
  ClaudeSession,
  LOOPBACK,
  SESSION_ID,
} from "../../support/claude_session.ts";
import { conversation, writeSession } from "../../support/conversations.ts";
import { listFiles } from "../../support/files.ts";
import { Machine } from "../../support/machine.ts";
import { remember } from "../../support/memory.ts";
import {
  COMMANDS,
  type Option,
  type Skill,
  SKILLS,
} from "../../../scripts/cli/commands.ts";
import { parseFlags } from "../../../scripts/cli/flags.ts";
import { SpreadError } from "../../../lib/errors.ts";

const NAMES = Object.keys(SKILLS) as Skill[];

/** The choices of each skill: all that Claude may add, written by hand. */
const CHOICES: Record<Skill, string[]> = {
  "distill-share": [],
  "distill-receive": [],
  "memory-share": ["--share"],
  "memory-receive": ["--yes", "--full"],
  "sessions-share": ["--yes"],
  "sessions-receive": ["--yes"],
  "work": ["--yes"],
  "pair": [],
  "status": [],
  "stop": [],
};

/** Operands by which received text could have Claude name something. */
const OPERANDS = [
  "/etc/passwd",
  "~/.ssh/id_rsa",
  "niece-broke-zippy-iron",
  "127.0.0.1:9",
  "wss://relay.example.org",
  SESSION_ID,
  "theirs",
  "-",
  "",
];

/** Options of other commands and skills, with a value where they have one. */
const OPTIONS = [
  ...new Set(
    Object.entries<{ options: Record<string, Option> }>(COMMANDS)
      .flatMap(([, { options }]) => Object.entries(options))
      .filter(([name]) => name !== "help")
      .flatMap(([name, { value }]) =>
        value === undefined
          ? [`--${name}`]
          : [`--${name}=/etc/passwd`, `--${name} /etc/passwd`]
      ),
  ),
  "--raw",
  "--install theirs",
  "--undo",
  "-o /etc/x",
  "-y",
];

/** A session in which each skill has something to share, and what the user typed for one. */
async function furnished(machine: Machine): Promise<ClaudeSession> {
  const session = new ClaudeSession(machine);
  await session.writeDocument();
  await session.write(`memory-${session.id}.md`, "# m\n");
  await remember(machine, { "MEMORY.md": "- [a](a.md) — a\n", "a.md": "a\n" });
  await writeSession(machine, conversation("Doors"));
  return session;
}

Deno.test("each skill has its own choices and no other, and none of them has a value", () => {
  for (const skill of NAMES) {
    const { options, operands } = COMMANDS[`skill ${skill}`];
    const { help: _help, ...choices } = options as Record<string, Option>;
    assertEquals(
      Object.keys(choices).map((name) => `--${name}`),
      CHOICES[skill],
      skill,
    );
    assertEquals(operands, "");
    for (const { value, short } of Object.values(choices)) {
      assertEquals([value, short], [undefined, undefined], skill);
    }
  }
});

Deno.test("no skill takes an option that another command has", () => {
  for (const skill of NAMES) {
    const foreign = OPTIONS.filter((option) =>
      !CHOICES[skill].includes(option)
    );
    assert(foreign.length > 40);
    for (const option of foreign) {
      assertThrows(
        () => parseFlags(`skill ${skill}`, option.split(" ")),
        SpreadError,
        "There is no option",
      );
    }
  }
});

for (const skill of NAMES) {
  Deno.test(`skill ${skill} refuses what names something, and does nothing`, async () => {
    await using machine = await Machine.make();
    const session = await furnished(machine);
    await session.type(skill, `${LOOPBACK} our words`);
    const before = await listFiles(machine.folder);
    await forEach([
      ...OPERANDS.map((operand) => [operand]),
      ["--", "/etc/passwd"],
      ["--project=/etc"],
      ["--output", "/etc/x"],
      ...CHOICES[skill].flatMap((choice) => [
        [choice, "/etc/passwd"],
        ["theirs", choice],
        [`${choice}=true`],
      ]),
    ], async (args) => {
      const ended = await session.run(skill, ...args);
      assertFailure(ended, "USAGE", "");
      assert(
        /(Too many arguments|There is no option|takes no value)/
          .test(ended.stderr),
        ended.stderr,
      );
    });
    assertEquals(await listFiles(machine.folder), before);
  });
}

Deno.test("skill has no other command, and needs one", async () => {
  await using machine = await Machine.make();
  const session = await furnished(machine);
  const names = ["", "serve", "receive", "install", "toString", "__proto__"];
  for (const name of names) {
    const { code, text } = await session.run(name, "/etc/passwd");
    assertEquals([code, text], [2, ""], name);
  }
  assertEquals(await machine.entries(), []);
});
