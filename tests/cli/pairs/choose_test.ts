/**
 * Several shares that wait for one machine. They are at a relay, which names all of them at once, so
 * that it does not depend on the speed of this machine which are found.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { ClaudeSession, LOOPBACK } from "../../support/claude_session.ts";
import { commandLine } from "../../support/commands.ts";
import { Machine, type Sharing } from "../../support/machine.ts";
import { pairUp } from "../../support/pairs.ts";
import { noTerminal, runOnTerminal } from "../../support/pseudo_terminal.ts";
import { APART } from "../../support/relay_share.ts";
import type { Ended } from "../../support/output.ts";

/** Maple and birch share with cedar: maple two texts, birch one. */
class Waiting implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  cedar!: Machine;
  readonly shares: Sharing[] = [];

  static async open(): Promise<Waiting> {
    const waiting = new Waiting();
    const stack = waiting.#stack;
    const relay = stack.use(await startLocalRelay());
    const [maple, birch, cedar] = [
      stack.use(await Machine.make()),
      stack.use(await Machine.make()),
      stack.use(await Machine.make()),
    ];
    const more = { relay: relay.url };
    await pairUp([maple, "maple"], [cedar, "cedar"], more);
    await pairUp([cedar, "cedar"], [birch, "birch"], more);
    waiting.cedar = cedar;
    for (
      const [machine, text] of [
        [maple, "first"],
        [maple, "second"],
        [birch, "third"],
      ] as const
    ) {
      const file = await machine.write(`${text}.md`, text);
      const sharing = await machine.share(["--to", "cedar", file]);
      waiting.shares.push(stack.use(sharing));
    }
    return waiting;
  }

  receive(...args: string[]): Promise<Ended> {
    return this.cedar.run("receive", args, APART);
  }

  /** Events of each share about its receivers: nobody fails, whoever is not chosen. */
  async heard(): Promise<string[][]> {
    const all = [];
    for (const share of this.shares) {
      const { events } = await share.stop();
      all.push(
        events.map(({ event }) => event)
          .filter((event) => !["ready", "peer", "failed"].includes(event)),
      );
    }
    return all;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

Deno.test("receive lists what waits and takes nothing, where nobody can be asked; --from takes one", async () => {
  await using waiting = await Waiting.open();
  const several = await waiting.receive();
  assertFailure(
    several,
    "NOT_AGREED",
    "3 shares wait for this machine, and nobody could be asked which to take",
    "--from birch, --from maple:1, --from maple:2",
  );
  assertEquals(several.text, "");
  const lines = several.stderr.split("\n").filter((line) => /\.md/.test(line));
  assertEquals(
    lines.map((line) => line.trim().split(/ {2,}/).slice(0, 4)),
    [
      ["1", "birch", "distillation", "third.md (5 bytes)"],
      ["2", "maple:1", "distillation", "first.md (5 bytes)"],
      ["3", "maple:2", "distillation", "second.md (6 bytes)"],
    ],
  );
  for (
    const [from, text] of [["birch", "third"], ["maple:2", "second"]] as const
  ) {
    const received = await waiting.receive("--from", from);
    assertSuccess(received);
    assertEquals(received.text.trim(), text);
  }
  assertFailure(
    await waiting.receive("--from", "maple"),
    "NOT_AGREED",
    "2 shares wait for this machine",
  );
  assertFailure(
    await waiting.receive("--from", "maple:3", "--timeout", "6"),
    "NO_SENDER",
    "maple shares only 2 things with this machine now",
    "a number up to 2",
  );
  assertFailure(
    await waiting.receive("--from", "mapel"),
    "NO_PAIR",
    'This machine has no pair "mapel"',
    "Did you mean maple? The pairs are birch, maple",
  );
  assertFailure(
    await waiting.receive("--kind", "memory", "--from", "birch"),
    "PAYLOAD_UNWANTED",
    "birch shares a distillation, not a memory",
  );
  const looked = "looked";
  assertEquals(await waiting.heard(), [
    [looked, looked, looked, looked],
    [looked, "delivered", looked, looked],
    [looked, "delivered", looked],
  ]);
});

Deno.test({
  name:
    "a receive skill lets only the user choose among several, by what they type",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using waiting = await Waiting.open();
    const session = new ClaudeSession(waiting.cedar);
    await session.type("distill-receive", LOOPBACK);
    assertFailure(
      await session.run("distill-receive"),
      "NOT_AGREED",
      "3 shares wait for this machine",
      "End here; to choose, the user types /claude-spread:distill-receive with one of " +
        "--from birch, --from maple:1, --from maple:2 after it",
    );
    const seen = (await session.shown())!;
    assertStringIncludes(seen, "maple:2  distillation  second.md");
    assertStringIncludes(seen, "the user types /claude-spread:distill-receive");
    const byClaude = await session.run("distill-receive", "--from=maple:2");
    assertFailure(byClaude, "USAGE", "There is no option --from");
    await session.type("distill-receive", `--from maple:2 ${LOOPBACK}`);
    const received = await session.run("distill-receive");
    assertSuccess(received);
    assertStringIncludes(received.text, "second");
    const line = `--from birch --timeout 1 ${LOOPBACK}`;
    await session.type("memory-receive", line);
    await waiting.heard();
    assertFailure(
      await session.run("memory-receive"),
      "NO_SENDER",
      "Nothing from birch was found",
      "type them: /claude-spread:memory-receive WORDS",
    );
  },
});

Deno.test({
  name: "receive asks on a terminal which to take, and takes that one or none",
  ignore: noTerminal !== null,
  fn: async () => {
    await using waiting = await Waiting.open();
    const { cedar } = waiting;
    const command = commandLine("receive", [], "::1");
    const question = "Which? 1 or none: ";
    const answers = async (...answers: string[]) => {
      const typed = answers.map((answer, i): [RegExp, string] => [
        new RegExp(`(?:Which\\? [^]*?){${i + 1}}`),
        `${answer}\n`,
      ]);
      return await runOnTerminal(cedar, command, { typed });
    };
    const taken = await answers("4", "3");
    assertEquals(taken.code, 0, taken.text);
    assertStringIncludes(taken.text, question);
    assertStringIncludes(taken.text, "if the other machine shows words");
    assertStringIncludes(taken.text, "there is no 4 in the list");
    assertStringIncludes(taken.text, "received 6 bytes");
    assertStringIncludes(taken.text, " from maple");
    const none = await answers("");
    assertEquals(none.code, 0, none.text);
    assertStringIncludes(none.text, "nothing was taken");
    assert(!none.text.includes("received"), none.text);
    assertEquals(await waiting.heard(), [
      ["looked", "looked"],
      ["looked", "delivered", "looked"],
      ["looked", "looked"],
    ]);
  },
});
