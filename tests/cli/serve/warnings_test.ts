/**
 * Warnings of a share: a person sees the same ones whether the share stays with their command or
 * continues in a process of its own.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertSuccess } from "../../support/checks.ts";
import { ClaudeSession, LOOPBACK } from "../../support/claude_session.ts";
import { conversation, writeSession } from "../../support/conversations.ts";
import { Machine } from "../../support/machine.ts";
import { makeWork } from "../../support/work.ts";

const UNSEEN = "cannot read the .env files of 1 other project, so their " +
  "values are not taken out";
const UNNAMED = "names no file or commit with a secret; name files from the " +
  "root of the checkout";

/** Arguments of shares that warn, and a part of each warning. */
const WARNING: [args: string[], warnings: string[]][] = [
  [["--session", "all", "--all"], [UNSEEN]],
  [["--with-work", "--include", "nosuch", "text.md"], [UNNAMED]],
  [["--legacy", "our words", "text.md"], ["--legacy is on"]],
  [["--qr", "--generate", "text.md"], ["no QR code is shown"]],
];

function warningsIn({ stderr }: { stderr: string }): string[] {
  return [...stderr.matchAll(/^spread: warning: (.*)$/gm)].map(([, text]) =>
    text!
  );
}

Deno.test("serve --detach gives every warning of serve, once", async () => {
  await using machine = await Machine.make();
  await makeWork(machine);
  await machine.write("text.md", "# Text\n");
  const elsewhere = `${machine.folder}/elsewhere`;
  await Deno.mkdir(elsewhere);
  await writeSession(machine, conversation("refunds"), elsewhere);
  for (const [args, parts] of WARNING) {
    await using sharing = await machine.share(args);
    const expected = warningsIn(await sharing.stop());
    assertEquals(expected.length, parts.length, expected.join("\n"));
    for (const [i, part] of parts.entries()) {
      assertStringIncludes(expected[i]!, part);
    }
    const detached = await machine.run("serve", ["--detach", ...args]);
    assertSuccess(detached);
    assertSuccess(await machine.run("stop", []));
    assertEquals(warningsIn(detached), expected);
  }
});

Deno.test("pair --detach gives every warning once", async () => {
  await using machine = await Machine.make();
  const args = ["--detach", "--qr", "--name", "maple"];
  const detached = await machine.run("pair", args);
  assertSuccess(detached);
  assertSuccess(await machine.run("stop", []));
  assertEquals(warningsIn(detached), [
    "no QR code is shown: there is no terminal here",
  ]);
});

Deno.test("a skill shows the user the warnings of the share that it has started", async () => {
  await using machine = await Machine.make();
  await makeWork(machine);
  const session = new ClaudeSession(machine);
  await session.writeDocument();
  await session.type(
    "distill-share",
    `${LOOPBACK} --with-work --include nosuch`,
  );
  await using sharing = await session.share("distill-share");
  assertEquals(warningsIn(sharing.ended).length, 1);
  assertStringIncludes(await session.shown() ?? "", UNNAMED);
});
