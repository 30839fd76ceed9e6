/**
 * The line at the start of Claude Code that says what pairs have left: the switch, the hook, and the
 * command that it starts.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { formatWaiting } from "../../../scripts/waiting.ts";
import { assertSuccess, until } from "../../support/checks.ts";
import { ClaudeSession } from "../../support/claude_session.ts";
import { listFiles } from "../../support/files.ts";
import { pairUp } from "../../support/pairs.ts";
import { Drops } from "../drops/_drops.ts";

const SILENT = { code: 0, stdout: "", stderr: "" };

/** Makes a file look as old as that. */
async function age(path: string, minutes: number): Promise<void> {
  const time = new Date(Date.now() - minutes * 60_000);
  await Deno.utime(path, time, time);
}

Deno.test({
  name:
    "say-waiting says what was found last, asks at most every 15 minutes, and only if it is switched on",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using drops = await Drops.open();
    const { alice, bob, url } = drops;
    await pairUp([alice, "maple"], [bob, "cedar"], { relay: url });
    const file = await alice.write("notes.md", "# Refunds\n");
    assertSuccess(
      await alice.run("serve", ["--leave", "--to", "cedar", file]),
    );
    const session = new ClaudeSession(bob);
    const start = () => session.hook("say-waiting", {});
    const folder = `${bob.home}/.local/state/claude-spread/notice`;

    assertEquals(await start(), SILENT);
    assertEquals(await listFiles(folder).catch(() => []), []);
    assertSuccess(await bob.run("pair", ["--notify"]));
    assertEquals(await start(), SILENT);
    const message = `${folder}/message.json`;
    await until(
      "what was found",
      () => Deno.lstat(message).then(() => true, () => false),
    );
    const { stdout } = await start();
    assertEquals(JSON.parse(stdout), {
      systemMessage:
        "spread: 1 hand-over from maple waits: /claude-spread:distill-receive",
    });

    // It was asked just now, so nothing is asked; a day later nothing is said.
    await Deno.remove(message);
    assertEquals(await start(), SILENT);
    await Deno.writeTextFile(message, stdout);
    await age(message, 1450);
    assertEquals(await start(), SILENT);
    await age(`${folder}/asked`, 16);
    assertEquals(await start(), SILENT);
    await until(
      "a new answer",
      async () =>
        Date.now() - (await Deno.stat(message)).mtime!.getTime() < 60_000,
    );
    assertEquals((await start()).stdout, stdout);

    // In the home folder there is no project.
    const atHome = new ClaudeSession(bob, { project: bob.home });
    assertEquals(await atHome.hook("say-waiting", {}), SILENT);

    assertSuccess(await bob.run("receive", []));
    assertEquals(await start(), SILENT, "it was taken");
    assertSuccess(await bob.run("pair", ["--stop-notify"]));
    assertEquals(await listFiles(folder).catch(() => []), []);
  },
});

Deno.test("formatWaiting() counts by pair, in one line that JSON and a terminal take", () => {
  const cases: [counts: [string, number][], said: string | null][] = [
    [[], null],
    [[["cedar", 1]], "1 hand-over from cedar waits"],
    [[["cedar", 2]], "2 hand-overs from cedar wait"],
    [
      [["cedar", 1], ["oak", 2], ["elm", 1]],
      "1 hand-over from cedar, 2 from oak and 1 from elm wait",
    ],
  ];
  for (const [counts, said] of cases) {
    const command = ": /claude-spread:distill-receive";
    assertEquals(formatWaiting(counts), said && said + command);
  }
});
