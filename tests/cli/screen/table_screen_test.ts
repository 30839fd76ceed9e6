/**
 * Tables of data: on a terminal they fit it, elsewhere nothing is cut, and they go to standard
 * output.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { widthOf } from "../../../scripts/cli/screen/width.ts";
import { assertSuccess } from "../../support/checks.ts";
import { conversation, writeSession } from "../../support/conversations.ts";
import { Machine } from "../../support/machine.ts";
import {
  launchOnTerminal,
  noTerminal,
  withoutColors,
} from "../../support/pseudo_terminal.ts";

const LONG =
  "암호의 역사, and what else is worth knowing of it, at some length";

/** Runs `body` for the width of every terminal. */
function testWidths(
  name: string,
  body: (columns: number) => Promise<void>,
): void {
  for (const columns of [20, 40, 80, 200]) {
    Deno.test({
      name: `${name} a terminal of ${columns} columns`,
      ignore: noTerminal !== null,
      fn: () => body(columns),
    });
  }
}

function assertFits(text: string, columns: number): void {
  for (const line of text.split("\n")) {
    assert(widthOf(line) <= columns, line);
  }
}

testWidths("status fits", async (columns) => {
  await using machine = await Machine.make();
  const file = await machine.write(`${LONG.slice(0, 30)}.md`, "# Notes\n");
  await using sharing = await machine.share(["pass", file]);
  assertSuccess(await machine.run("receive", ["pass", sharing.address]));
  await sharing.event("delivered");
  const { code, text } = await launchOnTerminal(machine, ["status"], {
    columns,
  });
  assertEquals(code, 0, text);
  const plain = withoutColors(text);
  assertFits(plain, columns);
  assertStringIncludes(plain, String(sharing.ready.id));
  assertStringIncludes(plain, "min left (");
  assertEquals(plain.includes("TAKEN BY"), columns >= 80, plain);
  assertEquals(text.includes("\x1b[2mID "), columns >= 80, text);
  assertEquals(plain.includes(".md (8 bytes)"), columns === 200, plain);
});

testWidths("sessions list fits", async (columns) => {
  await using machine = await Machine.make();
  const session = conversation(LONG, "Hello");
  await writeSession(machine, session);
  const command = ["sessions", "list"];
  const { code, text } = await launchOnTerminal(machine, command, { columns });
  assertEquals(code, 0, text);
  const plain = withoutColors(text);
  assertFits(plain, columns);
  assertStringIncludes(plain, session.id.slice(0, 8));
  assertEquals(plain.includes(session.id), false, plain);
  assertEquals(plain.includes(LONG), columns === 200, plain);
  assertEquals(plain.includes("…"), columns < 200, plain);
});

Deno.test("sessions list cuts nothing, and colors nothing, when its output is piped", async () => {
  await using machine = await Machine.make();
  const session = conversation(LONG, "Hello");
  await writeSession(machine, session);
  const { text, stderr } = await machine.run("sessions", ["list"]);
  assertEquals(stderr, "");
  assertEquals(text.split("\n").length, 3, text);
  assertStringIncludes(text, `\n${session.id}  `);
  assertStringIncludes(text, `  ${LONG}\n`);
  assert(!text.includes("\x1b"), text);
});

Deno.test("status with nothing to show keeps standard output empty", async () => {
  await using machine = await Machine.make();
  const { text, stderr } = await machine.run("status", []);
  assertEquals([text, stderr], ["", "spread: nothing is shared\n"]);
});
