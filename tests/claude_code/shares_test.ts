/**
 * `status` and `stop` in the real client, and passphrases that nobody types.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Conversation } from "./_conversation.ts";
import { documentsOf, receive, SHARE, share } from "./_distill.ts";
import { runBlock, say, write } from "./_model.ts";
import type { Session } from "./_session.ts";
import { assertDone, toldBy } from "./_told.ts";
import { test } from "./_world.ts";

/** Runs a skill of one command. */
async function ask(
  conversation: Conversation,
  typed: string,
): Promise<Session> {
  const prompt = `/claude-spread:${typed}`;
  return await conversation.ask(prompt, [runBlock(0), say("That is all.")]);
}

test("status-of-shares shows the shares of every session, and stop-sharing-now ends the one that is typed, or all", async (environment) => {
  const alex = await environment.person("alex", { home: "the home of Alex" });
  const blake = await environment.person("blake");
  const invites: string[] = [];
  for (let i = 0; i < 3; i++) invites.push(toldBy(await share(alex)).invite!);
  const received = await blake.spread(["receive", invites[1]!]);
  assertEquals(received.code, 0, received.stderr);
  const open = await alex.shares();
  await using later = alex.converse();
  const before = await ask(later, "status-of-shares");
  assertDone(before, ["Bash"]);
  const rows = before.calls[0]!.result.split("\n")
    .filter((line) => /^[0-9a-f]{8} /.test(line));
  assertEquals(rows.length, 3);
  for (const { id, delivered } of open) {
    const row = rows.find((line) => line.startsWith(String(id).slice(0, 8)))!;
    assertEquals(row.includes("nobody yet"), delivered === 0, row);
  }

  const unsure = await ask(later, "stop-sharing-now");
  assertEquals(unsure.denials, []);
  assertStringIncludes(
    unsure.calls[0]!.result,
    "spread: error: It is unclear which share or drop to end",
  );
  const ids = open.map(({ id }) => String(id));
  for (const id of ids) assertStringIncludes(unsure.calls[0]!.result, id);
  const one = await ask(later, `stop-sharing-now ${ids[1]}`);
  assertDone(one, ["Bash"]);
  assertStringIncludes(one.calls[0]!.result, `ended ${ids[1]}`);
  const states = async () => (await alex.shares()).map(({ state }) => state);
  assertEquals((await states()).sort(), ["ended", "open", "open"]);
  const all = await ask(later, "stop-sharing-now --all");
  assertDone(all, ["Bash"]);
  assertEquals(await states(), ["ended", "ended", "ended"]);
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
  const { addresses: [address] } = toldBy(shared);
  const received = await receive(blake, `${typed} ${address}`);
  for (const { turns } of [shared, received]) {
    assert(!JSON.stringify(turns).includes(words), "Claude's provider sees it");
  }
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
  assertStringIncludes(session.calls[1]!.result, "it is empty");
  const { invite, addresses: [address] } = toldBy(session);
  assertEquals(invite, null);
  assertEquals(await documentsOf(alex), []);
  const received = await alex.spread(
    ["receive", "--passphrase-file", "-", address!],
    { stdin: words },
  );
  assertEquals(received.code, 0, received.stderr);
});
