/**
 * `claude-spread skill pair`: two people who type `/claude-spread:pair`.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess, until } from "../../support/checks.ts";
import { ClaudeSession, LOOPBACK } from "../../support/claude_session.ts";
import { Machine } from "../../support/machine.ts";
import { kept } from "../pair/_pairing.ts";

async function statusOf(machine: Machine): Promise<string> {
  return (await machine.run("status", [])).text;
}

Deno.test({
  name:
    "skill pair shows words that stay valid alone, takes those that the user typed, and never Claude's",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using oak = await Machine.make();
    await using cedar = await Machine.make();
    const [here, there] = [new ClaudeSession(oak), new ClaudeSession(cedar)];

    assertFailure(
      await here.run("pair"),
      "NOT_AGREED",
      "Nothing was done: the plugin's hooks are off, so only Claude says that the user wants this",
      "! claude-spread pair",
    );
    assertEquals(await kept(oak), []);

    await here.type("pair", `--name oak ${LOOPBACK}`);
    const showing = await here.run("pair");
    assertSuccess(showing);
    const words = /\/claude-spread:pair (\S+)\n/.exec(showing.stderr)?.[1];
    assert(words !== undefined, showing.stderr);
    assertStringIncludes((await here.shown())!, words);
    assertStringIncludes(await statusOf(oak), "words for a pair");

    await there.type("pair", `--name cedar ${LOOPBACK} ${words}`);
    const typing = await there.run("pair");
    assertSuccess(typing);
    assertStringIncludes(typing.stderr, "paired with oak");
    assert(!typing.stderr.includes(words));
    await until("the pair", async () => (await kept(oak)).length === 1);
    const [a, b] = [(await kept(oak))[0]!, (await kept(cedar))[0]!];
    assertEquals([a.name, b.name, a.seed], ["cedar", "oak", b.seed]);
    await until(
      "the name in status",
      async () => /ended .*cedar/.test(await statusOf(oak)),
    );

    await here.type("pair", "--notify");
    assertSuccess(await here.run("pair"));
    await Deno.stat(
      `${oak.home}/.local/state/claude-spread/notice/on`,
    );
  },
});
