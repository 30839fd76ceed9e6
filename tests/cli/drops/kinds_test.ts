/** Drops of every kind, from a terminal and from Claude Code, and beside a share. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { ClaudeSession, questionIn } from "../../support/claude_session.ts";
import {
  conversation,
  sessionsOf,
  writeSession,
} from "../../support/conversations.ts";
import { memoryOf, remember } from "../../support/memory.ts";
import { DOCUMENT, Drops } from "./_drops.ts";

/** The code that a skill has shown. */
function codeIn(stderr: string): string {
  return /(drop(?:-[0-9a-z]{5}){6})\n/.exec(stderr)![1]!;
}

Deno.test("a session is left alone, listed by receive, and installed once it is picked", async () => {
  await using drops = await Drops.open();
  const { alice, bob } = drops;
  const [one, two] = [conversation("refunds"), conversation("rounding")];
  for (const session of [one, two]) await writeSession(alice, session);
  const leave = ["--json", "--leave", "--relay", drops.url];
  const both = await alice.run("serve", [...leave, "--session", "all"]);
  assertFailure(both, "USAGE", "A drop holds one session, and 2 are named");
  const left = await alice.run("serve", [...leave, "--session", one.id]);
  assertSuccess(left);
  const { code } = left.events.find(({ event }) => event === "left")!;
  const listed = await drops.take(code);
  assertSuccess(listed);
  assertStringIncludes(listed.text, "   1. refunds");
  assertStringIncludes(
    listed.stderr,
    "to take it, type the same code again:",
  );
  assertStringIncludes(
    listed.stderr,
    `claude-spread receive --pick 1 --relay ${drops.url} --interface`,
  );
  assertEquals(await sessionsOf(bob), []);
  assertEquals((await drops.status())[0]!.state, "waiting");
  assertFailure(
    await drops.take(code, "--pick", "2"),
    "NOT_OFFERED",
    'There is no session "2" in the list',
  );
  assertSuccess(await drops.take(code, "--pick", "1"));
  assertEquals((await sessionsOf(bob)).length, 1);
  assertEquals((await drops.status())[0]!.state, "taken");
  const kept = await bob.kept();
  assertEquals(kept.filter((path) => path.startsWith("partial/")), []);
});

Deno.test("a memory that is dropped is received, shown and installed as any other", async () => {
  await using drops = await Drops.open();
  const { alice, bob } = drops;
  await remember(alice, {
    "MEMORY.md": "- [cents](cents.md)\n",
    "cents.md": "Refunds keep their cents.\n",
  });
  assertSuccess(await alice.run("bundle", ["m.json"]));
  const ended = await drops.startLeaving("m.json").ended;
  assertSuccess(ended);
  const { code, kind } = ended.events.find(({ event }) => event === "left")!;
  assertEquals(kind, "memory");
  assertFailure(
    await drops.take(code, "--kind", "distillation"),
    "PAYLOAD_UNWANTED",
    "The sender shares a memory, not a distillation",
  );
  assertEquals((await drops.status())[0]!.state, "waiting");
  const session = new ClaudeSession(bob);
  await session.type("memory-receive", `--relay ${drops.url} ${code}`);
  const shown = await session.run("memory-receive");
  assertSuccess(shown);
  await session.answer(questionIn(shown), "Install it");
  assertSuccess(await session.run("memory-receive", "--yes"));
  assertStringIncludes(
    (await memoryOf(bob))["cents.md"]!,
    "Refunds keep their cents.",
  );
});

Deno.test("skill distill-share --leave ends with the drop, and distill-receive takes the code that was typed", async () => {
  await using drops = await Drops.open();
  const sender = new ClaudeSession(drops.alice);
  const written = await sender.writeDocument(DOCUMENT);
  await sender.type("distill-share", `--leave 2h --relay ${drops.url}`);
  const shared = await sender.run("distill-share");
  assertSuccess(shared);
  const code = codeIn(shared.stderr);
  assertStringIncludes(shared.stderr, "2 h left");
  assertStringIncludes(
    shared.stderr,
    "/claude-spread:stop-sharing-now takes it back",
  );
  assertStringIncludes((await sender.shown())!, code);
  assertEquals(await Deno.lstat(written).catch(() => null), null);
  await sender.type("status");
  const status = await sender.run("status");
  assertStringIncludes(status.text, `, at ${new URL(drops.url).host}`);
  const receiver = new ClaudeSession(drops.bob);
  await receiver.type("distill-receive", `--relay ${drops.url} ${code}`);
  const received = await receiver.run("distill-receive");
  assertSuccess(received);
  assertStringIncludes(received.text, "They keep their cents.");
  assert(!received.stderr.includes(code));
  await sender.type("stop");
  const stopped = await sender.run("stop");
  assertStringIncludes(stopped.stderr, "had been taken already");
});

Deno.test("serve --leave --keep-open leaves a drop and shares it at once, in the background too", async () => {
  await using drops = await Drops.open();
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const args = ["--leave", "--keep-open", "5", "--detach", "--relay"];
  const ended = await drops.alice.run("serve", [...args, drops.url, file]);
  assertSuccess(ended);
  const code = codeIn(ended.stderr);
  const [, address] = /add the address: (\S+)/.exec(ended.stderr)!;
  const [, words] = /receive --relay \S+ (\w{6}(?:-[a-z]+){4})\n/
    .exec(ended.stderr)!;
  const live = await drops.bob.run("receive", [words!.slice(7), address!]);
  assertSuccess(live);
  assertEquals(live.text, DOCUMENT);
  const dropped = await drops.take(code);
  assertSuccess(dropped);
  assertEquals(dropped.text, DOCUMENT);
  const stopped = await drops.alice.run("stop", ["--all", "--json"]);
  assertSuccess(stopped);
  assertEquals(stopped.events.map(({ drop }) => drop ?? "share"), [
    "share",
    "taken",
  ]);
});

Deno.test("a relay that refuses the receipt does not cost the document, nor one that refuses to give a drop back its entry", async () => {
  await using drops = await Drops.open();
  const { code, id } = await drops.leave();
  const front = drops.front();
  front.answers.set(
    "DELETE",
    () => Response.json({ error: "method" }, { status: 405 }),
  );
  const ended = await drops.take(code);
  assertEquals([ended.code, ended.text], [0, DOCUMENT]);
  assertStringIncludes(
    ended.stderr,
    "the relay did not accept the receipt, and may keep the drop until it expires",
  );
  assertEquals(await drops.bob.kept(), []);
  const [entry] = await drops.entries();
  await Deno.writeTextFile(
    `${drops.alice.state}/drops/${id}.json`,
    JSON.stringify({ ...entry, relay: front.url }),
  );
  const stopped = await drops.alice.run("stop", [String(id)]);
  assertFailure(stopped, "BAD_MESSAGE", `Cannot take ${id} back`);
  assertEquals((await drops.entries()).length, 1);
});
