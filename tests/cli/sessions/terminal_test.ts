/** Sessions on a terminal: the question which to take, and an export that is not for it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { conversation, sessionsOf } from "../../support/conversations.ts";
import { noTerminal } from "../../support/pseudo_terminal.ts";
import { type } from "../../support/typing.ts";
import { KIND, Offering, payloadsOf } from "./_offering.ts";

const WHICH = { question: /Which\? .*?: /g };

const ANSWERS: [lines: string[], taken: number][] = [
  [["1\n"], 1],
  [["7\n", "x\n", "1,2\n"], 2],
  [["none\n"], 0],
  [["\n"], 0],
  [["\x04"], 0],
];

for (const [lines, taken] of ANSWERS) {
  Deno.test({
    name: `receive --kind session asks which to take, answered ${
      JSON.stringify(lines)
    }`,
    ignore: noTerminal !== null,
    fn: async () => {
      const sessions = [conversation("one"), conversation("two")];
      await using offering = await Offering.open(sessions);
      const { bob, words, sharing } = offering;
      const args = [...KIND, words, sharing.address];
      const { code, text } = await type(bob, "receive", args, lines, WHICH);
      assertEquals(code, 0, text);
      assertEquals(text.match(WHICH.question)?.length, lines.length, text);
      assertEquals((await sessionsOf(bob)).length, taken);
      assertEquals(text.includes("receive --pick N"), taken === 0, text);
      if (lines[0] === "7\n") {
        assertStringIncludes(text, 'There is no session "7" in the list');
        assertStringIncludes(text, '"x" is neither a number in the list');
      }
      if (taken > 0) assertEquals((await sharing.ended).code, 0);
    },
  });
}

Deno.test({
  name: "receive asks nothing, when it may not install sessions",
  ignore: noTerminal !== null,
  fn: async () => {
    await using offering = await Offering.open([conversation("one")]);
    const { bob, words, sharing } = offering;
    const args = [words, sharing.address];
    const { code, text } = await type(bob, "receive", args, []);
    assertEquals(code, 0, text);
    assert(!WHICH.question.test(text), text);
    assertStringIncludes(text, "claude-spread receive --pick 1");
  },
});

Deno.test({
  name: "receive installs nothing, when Ctrl+C is pressed at the question",
  ignore: noTerminal !== null,
  fn: async () => {
    await using offering = await Offering.open([conversation("one")]);
    const { bob, words, sharing } = offering;
    const args = [...KIND, words, sharing.address];
    const { code } = await type(bob, "receive", args, ["\x03"], WHICH);
    assertEquals(code, 130);
    assertEquals([await sessionsOf(bob), await payloadsOf(bob)], [[], []]);
  },
});

Deno.test({
  name: "sessions export - does not print a packed session on a terminal",
  ignore: noTerminal !== null,
  fn: async () => {
    await using offering = await Offering.open([conversation("one")]);
    const id = offering.sessions[0]!.id;
    const args = ["export", id, "-"];
    const { code, text } = await type(offering.alice, "sessions", args, []);
    assertEquals(code, 2, text);
    assertStringIncludes(text, "A packed session is not text for a terminal");
  },
});

Deno.test({
  name: "serve waits for no text that nobody types",
  ignore: noTerminal !== null,
  fn: async () => {
    await using offering = await Offering.open([conversation("one")]);
    const { code, text } = await type(offering.bob, "serve", [], []);
    assertEquals(code, 2, text);
    assertStringIncludes(text, "The file to share is missing");
    assertStringIncludes(text, "claude-spread serve FILE");
  },
});
