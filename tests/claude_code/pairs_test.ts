/**
 * Pairs in the real client: machines that meet once, and hand over without words from then on.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LAMP, share } from "./_distill.ts";
import { runBlock, say } from "./_model.ts";
import type { Person, Session } from "./_person.ts";
import { Screen } from "./_screen.ts";
import { assertDone } from "./_told.ts";
import { test } from "./_world.ts";

/** Types `/claude-spread:pair` with `claude -p`. */
async function pair(person: Person, typed: string): Promise<Session> {
  const prompt = `/claude-spread:pair ${typed}`.trim();
  const session = await person.ask(prompt, [runBlock(0), say("Done.")]);
  assertDone(session, ["Bash"]);
  return session;
}

/** Makes a pair of two people's machines; each is called as its person says. */
async function meet(alex: Person, blake: Person, typed = ""): Promise<void> {
  const showing = await pair(alex, `--name cedar ${typed}`.trim());
  const { result } = showing.calls[0]!;
  const line = /\/claude-spread:pair (\S.*)\n/.exec(result)?.[1];
  assert(line !== undefined, result);
  const typing = await pair(blake, `--name oak ${line}`);
  assertStringIncludes(typing.calls[0]!.result, "paired with cedar");
}

test(
  "distill-share --to reaches a pair after the session has ended, and distill-receive takes it without a word typed",
  async (environment) => {
    const alex = await environment.person("alex");
    const blake = await environment.person("blake");
    await meet(alex, blake);
    const shared = await share(alex, "--to oak");
    const { result } = shared.calls.at(-1)!;
    assert(!/[a-z]{3,5}-[a-z]{3,5}-[a-z]{3,5}-[a-z]{3,5}/.test(result), result);

    for (const args of [["pair", "--notify"], ["waiting"]]) {
      assertEquals((await blake.spread(args)).code, 0);
    }
    const screen = await Screen.open(blake, [runBlock(0), say("It is here.")]);
    await screen.until(
      /spread: 1 hand-over from cedar waits: \/claude-spread:distill-receive/,
    );
    await screen.type("/claude-spread:distill-receive");
    await screen.until(/It is here\./);
    assert(JSON.stringify(blake.model.turns).includes(LAMP));
    const entry = (await alex.shares()).find(({ kind }) => kind !== "pair");
    assertEquals([entry!.to, entry!.delivered], [["oak"], 1]);
  },
  { onScreen: true },
);
