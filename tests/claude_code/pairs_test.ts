/**
 * Pairs in the real client: machines that meet once, and hand over without words from then on.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LAMP, receive, share } from "./_distill.ts";
import { runBlock, say } from "./_model.ts";
import { Network } from "./_network.ts";
import type { Person } from "./_person.ts";
import type { Session } from "./_session.ts";
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

test("distill-share --leave waits for a pair whose sender's machine is gone, and distill-receive takes it", async (environment) => {
  const port = "47001";
  const drops = `folder:${environment.folder}/drops`;
  const settings = { RELAY_PORT: port, RELAY_DROPS: drops };
  await Deno.mkdir(`${environment.folder}/drops`);
  const blake = await environment.person("blake");
  {
    // A network that is gone at the end, with all that runs in it.
    await using away = await Network.make();
    const relay = await environment.relay(settings, away);
    const alex = await environment.person("alex", {}, away);
    const there = await environment.person("blake", {}, away);
    await meet(alex, there, `--relay ${relay}`);
    const left = await share(alex, "--to oak --leave 2d");
    assertStringIncludes(left.calls.at(-1)!.result, "it waits for oak");
  }
  await environment.relay(settings);
  const received = await receive(blake, "");
  assertStringIncludes(
    received.calls[0]!.result,
    "by cedar; the sender is not connected",
  );
});
