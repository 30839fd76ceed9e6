/**
 * `distill-share` and `distill-receive` in the real client: what it sends to the model, what it
 * runs, what it asks, and what others of the machine could see meanwhile.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  DOCUMENT,
  DOCUMENT_PATH,
  documentsOf,
  LAMP,
  passOn,
  receive,
  SHARE,
  share,
} from "./_distill.ts";
import { runBlock, say, write } from "./_model.ts";
import type { Person } from "./_person.ts";
import type { Session } from "./_session.ts";
import { Screen } from "./_screen.ts";
import { argumentsWith, Lookout } from "./_secrets.ts";
import { toldBy } from "./_told.ts";
import { test } from "./_world.ts";

/** An invented token, in parts. */
const TOKEN = "ghp" + "_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3hJ6";

/** Checks that the share is open and known, and that stop ends it; `shares_test.ts` has the skill do it. */
async function assertEndsByStop(
  person: Person,
  receivers: number,
): Promise<void> {
  const [share] = await person.shares();
  assertEquals([share?.state, share?.delivered], ["open", receivers]);
  const stopped = await person.spread(["stop"]);
  assertEquals(stopped.code, 0, stopped.stderr);
  const [ended] = await person.shares();
  assertEquals(ended?.state, "ended");
  assertEquals(argumentsWith(`--project=${person.project}`), []);
}

test("distill-share has a secret replaced before anything leaves, and hands over with nothing typed but the invite", async (environment) => {
  const alex = await environment.person("alex", { home: "the home of Alex" });
  const blake = await environment.person("blake");
  const shared = await alex.ask("/claude-spread:distill-share", [
    write(DOCUMENT_PATH, `${DOCUMENT}\nUse ${TOKEN}.\n`),
    runBlock(0),
    ({ skill }) => ({
      tool: "Edit",
      input: {
        file_path: DOCUMENT_PATH.exec(skill)![0],
        old_string: TOKEN,
        new_string: "the token in .env",
      },
    }),
    runBlock(0),
    say("It is shared."),
  ]);
  const { calls, denials } = shared;
  assertEquals([shared.code, denials], [0, []]);
  assertEquals(
    calls.map(({ tool, isError }) => [tool, isError]),
    [["Write", false], ["Bash", true], ["Edit", false], ["Bash", false]],
  );
  assertEquals(
    calls[1]!.input.command,
    "claude-spread skill distill-share",
  );
  const refusal = calls[1]!.result;
  assertStringIncludes(refusal, "it holds 1 secret (line 7: GitHub token ghp_");
  assertStringIncludes(refusal, "replace each secret with the place");
  assert(!refusal.includes(TOKEN), refusal);
  const { invite, room } = toldBy(shared);
  assertEquals(room, undefined);
  // Nobody but Claude sees this here.
  assertStringIncludes(
    calls[3]!.result,
    "give each command letter by letter, alone in a code block",
  );
  const received = await receive(blake, invite!);
  assert(!received.skill.includes(invite!), received.skill);
  const { result } = received.calls[0]!;
  assertStringIncludes(result, "Use the token in .env.");
  assert(!result.includes(TOKEN), result);
  await assertEndsByStop(alex, 1);
});

test("distill-share and distill-receive keep a passphrase from everybody else, when one is typed", async (environment) => {
  const alex = await environment.person("alex");
  const blake = await environment.person("blake");
  const passphrase = `two words ${crypto.randomUUID()}`;
  const lookout = new Lookout(environment.folder, [passphrase, LAMP]);
  try {
    const shared = await share(alex, passphrase);
    assertEquals(toldBy(shared).invite, null);
    await receive(blake, passphrase);
    assertNoneTyped(shared);
  } finally {
    await lookout[Symbol.asyncDispose]();
  }
  assertEquals([...lookout.found], []);
  assert(lookout.looks > 20, `${lookout.looks} looks`);
  await assertEndsByStop(alex, 1);
});

/** Checks that the model was told the passphrase in what was typed, and nowhere else. */
function assertNoneTyped({ skill, calls }: Session): void {
  assert(!skill.includes("two words"), skill);
  for (const { input, result } of calls) {
    assert(!JSON.stringify([input, result]).includes("two words"), result);
  }
}

test(
  "distill-share and distill-receive hand over through a relay, when that is asked for",
  async (environment) => {
    const env = { CLAUDE_SPREAD_RELAY: await environment.relay() };
    const alex = await environment.person("alex", { env });
    const blake = await environment.person("blake", { env });
    const shared = await share(alex, "--relay");
    const { invite, line, room, addresses } = toldBy(shared);
    // There is no other way: the only network is loopback.
    assertEquals(addresses, []);
    assertStringIncludes(invite!, `${room}-`);
    await receive(blake, line);
    await assertEndsByStop(alex, 1);
  },
  {
    hasLan: false,
    only: { age: "newest", why: "a relay is the same to both" },
  },
);

test(
  "distill-share asks nothing of the person, who sees the words whatever Claude says",
  async (environment) => {
    const alex = await environment.person("alex");
    const lookout = new Lookout(environment.folder, [LAMP]);
    try {
      const screen = await Screen.open(alex, SHARE);
      await screen.until(/^❯/m);
      await screen.type("/claude-spread:distill-share");
      const text = await screen.until(/It is shared\.|Do you want/);
      assert(!/Do you want/.test(text), text);
      assert(
        /Bash says:[\s\S]*type in Claude Code:\s+\/claude-spread:distill-receive \w+-\w+-\w+-\w+\s/
          .test(text),
        text,
      );
      assertStringIncludes(
        JSON.stringify(alex.model.turns.at(-1)!.request.messages),
        "the user has seen every line",
      );
      const [open] = await alex.shares();
      assertEquals(open?.state, "open");
      await screen.type("/exit");
      await screen.until(/Resume this session with/);
    } finally {
      await lookout[Symbol.asyncDispose]();
    }
    assertEquals([...lookout.found], []);
    const [still] = await alex.shares();
    assertEquals(still?.state, "open");
  },
  { onScreen: true },
);

test("distill-share makes words and distill-receive takes those that Claude passes on, when hooks are turned off", async (environment) => {
  const options = { home: "a home", settings: { disableAllHooks: true } };
  const alex = await environment.person("alex", options);
  const blake = await environment.person("blake", options);
  const shared = await share(alex, "our own words");
  assertStringIncludes(
    shared.calls[1]!.result,
    `this is for the project in ${alex.project}, and what was typed after the command is ignored`,
  );
  const line = toldBy(shared).invite!;
  const lookout = new Lookout(environment.folder, [line]);
  try {
    const received = await blake.ask(`/claude-spread:distill-receive ${line}`, [
      runBlock(0),
      passOn(line),
      runBlock(0),
      say("It is here."),
    ]);
    assertEquals(received.denials, []);
    assertStringIncludes(received.calls[2]!.result, `The ${LAMP} glows.`);
    assertEquals(await documentsOf(blake), []);
  } finally {
    await lookout[Symbol.asyncDispose]();
  }
  assertEquals([...lookout.found], []);
});
