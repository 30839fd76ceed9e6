/**
 * A share that a skill has started outlives the session of Claude Code: it holds nothing of it.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { assertSuccess, uniquePassphrase } from "../../support/checks.ts";
import { ClaudeSession, LOOPBACK } from "../../support/claude_session.ts";
import { Machine } from "../../support/machine.ts";

/** Variables by which one can write to the session around. */
const MESSAGING = {
  CLAUDE_CODE_MESSAGING_SOCKET: "/tmp/claude-1/messaging.sock",
  CLAUDE_CODE_MESSAGING_TOKEN: "token-of-the-session",
};

Deno.test({
  name:
    "a share of a skill gets neither the socket and token of its session nor the passphrase in its arguments",
  // Only Linux shows the environment of a process.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using machine = await Machine.make();
    const env = { ...MESSAGING, MARKER: "of the same environment" };
    const session = new ClaudeSession(machine, { env });
    const passphrase = uniquePassphrase();
    await session.writeDocument();
    await session.type("distill-share", `${LOOPBACK} ${passphrase}`);
    await using sharing = await session.share("distill-share");
    const of = async (name: string) =>
      (await Deno.readTextFile(`/proc/${sharing.pid}/${name}`)).split("\0");
    const variables = await of("environ");
    assert(variables.includes("MARKER=of the same environment"));
    const named = variables.filter((line) => /MESSAGING/.test(line));
    assertEquals(named, []);
    const args = await of("cmdline");
    assert(args.includes("--child"), args.join(" "));
    assert(!args.join(" ").includes(passphrase), args.join(" "));
    assertSuccess(
      await machine.run("receive", [passphrase, sharing.address]),
    );
  },
});
