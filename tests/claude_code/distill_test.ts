/**
 * `distill-share` and `distill-receive` in the real client.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { runBlock, say, write } from "./_model.ts";
import { test } from "./_world.ts";

/** Where the skill wants the document. */
const DOCUMENT_PATH = /~\/\.cache\/claude-spread\/distillation-[\w-]+\.md/;

const DOCUMENT = "# Session distillation: a lamp\n\n## Summary\n\nIt glows.\n";

test("distill-share goes on after claude -p has ended, and distill-receive gets what it shares", async (world) => {
  const alex = await world.person("alex", "home of alex");
  const shared = await alex.ask("/claude-spread:distill-share", [
    write(DOCUMENT_PATH, DOCUMENT),
    runBlock(0, (command) => command.replace(" RELAY", "")),
    say("shared"),
  ]);
  assertEquals([shared.code, shared.denials], [0, []]);
  const { invite } = JSON.parse(shared.calls[1]!.result);

  const blake = await world.person("blake");
  const received = await blake.ask(`/claude-spread:distill-receive ${invite}`, [
    runBlock(
      0,
      (command) =>
        command.replace(" OPTIONS", "").replace(" ADDRESS", "")
          .replace("PASSPHRASE", invite),
    ),
    say("received"),
  ]);
  assertEquals([received.code, received.denials], [0, []]);
  assertStringIncludes(received.calls[0]!.result, "It glows.");

  const [before] = await alex.shares();
  assertEquals([before?.state, before?.delivered], ["open", 1]);
  await alex.spread(["stop"]);
  const [after] = await alex.shares();
  assertEquals(after?.state, "ended");
});
