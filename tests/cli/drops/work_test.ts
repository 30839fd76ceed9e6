/** Drops with unfinished work behind the payload. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Bytes } from "../../../lib/bytes.ts";
import type { WorkReport } from "../../../scripts/cli/work/report.ts";
import { assertFailure, assertSuccess, sha256 } from "../../support/checks.ts";
import {
  conversation,
  sessionsOf,
  writeSession,
} from "../../support/conversations.ts";
import type { Event } from "../../support/output.ts";
import { DOCUMENT, Drops } from "./_drops.ts";
import {
  KEPT_WORK,
  keptWork,
  makeWork,
  openWork,
  readWork,
} from "../../support/work.ts";

/** Leaves the document with the work. */
async function leaveWork(drops: Drops, ...args: string[]): Promise<Event> {
  await makeWork(drops.alice);
  return await drops.leave(DOCUMENT, "--with-work", ...args);
}

Deno.test("a drop brings the text and then the work, and status says that it has both", async () => {
  await using drops = await Drops.open();
  await makeWork(drops.alice);
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const leaving = await drops.alice.run("serve", [
    "--leave",
    "--with-work",
    ...["--relay", drops.url],
    file,
  ]);
  assertSuccess(leaving);
  assertStringIncludes(
    leaving.stderr,
    "with the work: 1 commit and 2 uncommitted files, on main (20",
  );
  const [, code] = /(drop(?:-[0-9a-z]{5}){6})\n/.exec(leaving.stderr)!;
  const table = await drops.alice.run("status", []);
  assertStringIncludes(table.text, "notes.md (34 bytes) with work (20");
  const ended = await drops.take(code);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
  const said = [
    "from a drop left just now by tester@",
    "received 34 bytes",
    "the work came along: 1 commit and 2 uncommitted files, on main",
    "claude-spread work open",
  ];
  const places = said.map((text) => ended.stderr.indexOf(text));
  assertEquals(places.toSorted((a, b) => a - b), places, ended.stderr);
  assert(!places.includes(-1), ended.stderr);
  assertEquals(await keptWork(drops.bob), KEPT_WORK);
  const [entry] = await drops.status();
  assertEquals(entry!.state, "taken");
  const [work] = await readWork(drops.bob);
  assertEquals(work!.length, entry!.work);
});

Deno.test("a receiver that is killed in the work, or before the receipt, goes on from there in a later run", async () => {
  await using drops = await Drops.open();
  const left = await leaveWork(drops);
  const { code } = left;
  const front = drops.front();
  const file = drops.bob.path("a.md");
  const held = front.hold("GET 2");
  const stopped = drops.startTaking(code, ["--output", file]);
  await Promise.race([held, stopped.ended]);
  stopped.signal("SIGINT");
  const ended = await stopped.ended;
  assertFailure(ended, "INTERRUPTED", "Stopped; ");
  assertStringIncludes(
    ended.stderr,
    ", and the same command with another --output continues from there",
  );
  assertEquals(await Deno.readTextFile(file), DOCUMENT);
  const { sha256: hash } = left.work as { sha256: string };
  assert((await drops.bob.kept()).includes(`partial/${hash}`));
  assertEquals(await readWork(drops.bob), []);
  front.requests.length = 0;
  const killed = front.hold("DELETE");
  const late = drops.startTaking(code, ["--json", "--output", `${file}2`]);
  await Promise.race([killed, late.ended]);
  late.signal("SIGKILL");
  await late.ended;
  assertEquals(front.requests, [
    "GET",
    "GET 0",
    "GET 2",
    "GET 3",
    "DELETE",
  ]);
  const [work] = await readWork(drops.bob);
  assertEquals(await sha256(work as Bytes), hash);
  front.requests.length = 0;
  // The work is here: of its parts only the last is fetched.
  const again = await drops.take(code);
  assertSuccess(again);
  assertEquals(again.text, DOCUMENT);
  assertEquals(front.requests, ["GET", "GET 0", "GET 3", "DELETE"]);
  assertStringIncludes(again.stderr, "the work came along: 1 commit");
  assertEquals(await keptWork(drops.bob), KEPT_WORK);
  assertEquals((await drops.status())[0]!.state, "taken");
});

Deno.test("a text is printed once while the work behind it is fetched over cuts, also where a payload without an entry was left", async () => {
  await using drops = await Drops.open();
  const { code, work } = await leaveWork(drops);
  const { sha256: hash } = work as { sha256: string };
  const folder = `${drops.bob.state}/work`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/${hash.slice(0, 8)}.work`, "old");
  const front = drops.front();
  for (const part of ["GET 1", "GET 3"]) {
    front.answers.set(part, () => {
      front.answers.delete(part);
      return Response.json({ error: "too_many_requests" }, { status: 429 });
    });
  }
  const ended = await drops.take(code);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
  assertEquals(ended.stderr.match(/trying again/g)?.length, 2);
  assertEquals(await keptWork(drops.bob), KEPT_WORK);
  const [payload] = await readWork(drops.bob);
  assertEquals(await sha256(payload as Bytes), hash);
});

Deno.test("a dropped session that is not picked stays, its work is kept, and it is installed for the work tree then", async () => {
  await using drops = await Drops.open();
  const { alice, bob } = drops;
  await makeWork(alice);
  const session = conversation("refunds");
  await writeSession(alice, session);
  const left = await alice.run("serve", [
    "--json",
    "--leave",
    ...["--relay", drops.url, "--session", session.id],
    "--with-work",
  ]);
  assertSuccess(left);
  const { code } = left.events.find(({ event }) => event === "left")!;
  const listed = await drops.take(code);
  assertSuccess(listed);
  assertStringIncludes(listed.text, "   1. refunds");
  assertStringIncludes(listed.stderr, "the work came along: 1 commit");
  assertEquals(
    (await keptWork(bob)).filter((name) => /^work/.test(name)),
    KEPT_WORK,
  );
  assertEquals((await drops.status())[0]!.state, "waiting");
  const tree = await openWork(bob);
  const front = drops.front();
  const picked = await drops.take(code, "--pick", "1");
  assertSuccess(picked);
  // It is installed for the work tree.
  assertEquals(await sessionsOf(bob), []);
  const there = await sessionsOf({ home: bob.home, work: tree });
  assertEquals(there.length, 1);
  assertEquals(front.requests, ["GET", "GET 0", "GET 3", "DELETE"]);
  assertEquals((await drops.status())[0]!.state, "taken");
  assertEquals(await keptWork(bob), KEPT_WORK);
});

Deno.test("serve --leave --with-work says that both together are too large for the relay, or that there is no work", async () => {
  await using drops = await Drops.open({ RELAY_DROP_SIZE: "100000" });
  const repository = await makeWork(drops.alice);
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const refused = await drops.startLeaving(file, "--with-work").ended;
  assertFailure(
    refused,
    "PAYLOAD_TOO_LARGE",
    "Cannot leave 0.1 KB with 20",
    "without --leave, or without --with-work",
  );
  assertStringIncludes(
    refused.stderr,
    " KB of work: the relay keeps drops of at most 100.0 KB",
  );
  assertEquals(await drops.status(), []);
  const origin = `${drops.alice.folder}/origin`;
  await repository.git("clone", "-q", "--bare", ".", origin);
  await repository.git("remote", "add", "origin", origin);
  await repository.git("fetch", "-q", "origin");
  await drops.alice.write(".git/info/exclude", "*.md\n*.bin\n");
  const leaving = await drops.startLeaving(file, "--with-work").ended;
  assertSuccess(leaving);
  const left = leaving.events.find(({ event }) => event === "left")!;
  assertEquals(left.work, undefined);
  assertEquals((left.work_report as WorkReport).bytes, undefined);
  const ended = await drops.take(left.code);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
  assertEquals(await drops.bob.kept(), []);
});
