/**
 * `status` and `stop` in the real client, and passphrases that nobody types.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  assertDone,
  documentsOf,
  readyOf,
  receive,
  SHARE,
  share,
} from "./_distill.ts";
import { runBlock, say, write } from "./_model.ts";
import type { Person, Session } from "./_person.ts";
import { test } from "./_world.ts";

/** Runs a skill of one command with `claude -p`. */
async function ask(person: Person, typed: string): Promise<Session> {
  const prompt = `/claude-spread:${typed}`;
  return await person.ask(prompt, [runBlock(0), say("That is all.")]);
}

/** The events that its command has printed. */
function eventsOf({ calls }: Session): Record<string, unknown>[] {
  return calls[0]!.result.split("\n").filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
}

test("status shows the shares of every session, and stop ends the one that is typed, or all", async (environment) => {
  const alex = await environment.person("alex", { home: "the home of Alex" });
  const blake = await environment.person("blake");
  const shares = [await share(alex), await share(alex), await share(alex)]
    .map(readyOf);
  await receive(blake, String(shares[1]!.invite));
  const before = await ask(alex, "status");
  assertDone(before, ["Bash"]);
  const delivered = eventsOf(before).map((
    { id, delivered },
  ) => [id, delivered]);
  assertEquals(delivered, shares.map(({ id }, i) => [id, i === 1 ? 1 : 0]));

  const unsure = await ask(alex, "stop");
  assertEquals([unsure.denials, eventsOf(unsure)[0]?.error], [[], "USAGE"]);
  for (const { id } of shares) {
    assertStringIncludes(unsure.calls[0]!.result, String(id));
  }
  const one = await ask(alex, `stop ${shares[1]!.id}`);
  assertDone(one, ["Bash"]);
  assertEquals(eventsOf(one).map(({ id }) => id), [shares[1]!.id]);
  const all = await ask(alex, "stop --all");
  assertDone(all, ["Bash"]);
  assertEquals(eventsOf(all).length, 2);
  assert((await alex.shares()).every(({ state }) => state === "ended"));
});

test("distill-share and distill-receive take the passphrase from a file that is typed", async (environment) => {
  const alex = await environment.person("alex", { home: "the home of Alex" });
  const blake = await environment.person("blake");
  const words = `kept ${crypto.randomUUID()}`;
  for (const person of [alex, blake]) {
    const path = `${person.home}/my words`;
    await Deno.writeTextFile(path, `${words}\n`, { mode: 0o600 });
  }
  const typed = `--passphrase-file "~/my words"`;
  const shared = await share(alex, typed);
  const [address] = readyOf(shared).addresses as string[];
  const received = await receive(blake, `${typed} ${address}`);
  for (const { turns } of [shared, received]) {
    assert(!JSON.stringify(turns).includes(words), "Claude's provider sees it");
  }
  await ask(alex, "stop");
});

test("distill-share goes on in the same turn, when the document was empty at first", async (environment) => {
  const alex = await environment.person("alex");
  const words = `typed ${crypto.randomUUID()}`;
  const [writing, running, saying] = SHARE;
  const session = await alex.ask(`/claude-spread:distill-share ${words}`, [
    write(/~\/\.cache\/claude-spread\/distillation-[\w-]+\.md/, " \n"),
    runBlock(0),
    writing!,
    running!,
    saying!,
  ]);
  assertEquals([session.code, session.denials], [0, []]);
  assertStringIncludes(session.calls[1]!.result, "PAYLOAD_EMPTY");
  const ready = readyOf(session);
  assertEquals([ready.event, ready.invite], ["ready", null]);
  assertEquals(await documentsOf(alex), []);
  const [address] = ready.addresses as string[];
  const received = await alex.spread(
    ["receive", "--passphrase-file", "-", address!],
    { stdin: words },
  );
  assertEquals(received.code, 0, received.stderr);
  await ask(alex, "stop");
});
