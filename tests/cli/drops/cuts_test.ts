/** Drops whose sender or receiver is killed, and receivers that come at the same time. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  sha256,
} from "../../support/checks.ts";
import { DOCUMENT, Drops } from "./_drops.ts";

/** Size of a payload of four parts. */
const SIZE = 200_000;

/** Words of a sender whose drop was taken back before all of it was there. */
const TAKEN_BACK = "Stopped: another command has taken the drop back";

/** Answer of a relay that does not do what it is asked. */
const busy = () =>
  Response.json({ error: "too_many_requests" }, { status: 429 });

/** Checks that `stop` finds the one drop of Alice, and says this of it. */
async function assertStops(drops: Drops, words: string): Promise<void> {
  const [entry, ...others] = await drops.entries();
  assertEquals(others, []);
  const stopped = await drops.alice.run("stop", [String(entry!.id)]);
  assertSuccess(stopped);
  assertStringIncludes(stopped.stderr, `${entry!.id} ${words}`);
}

/** Checks that the relay keeps nothing. */
async function assertEmpty({ relay }: Drops): Promise<void> {
  const { body } = await relay.ask("GET", "/metrics");
  assertStringIncludes(new TextDecoder().decode(body), "drops 0");
}

for (
  const [moment, name, isPassed, state, words] of [
    ["before the first part", "PUT 0", false, "filling", "is not at its relay"],
    ["between two parts", "PUT 2", false, "filling", "was taken back"],
    [
      "before the last part is confirmed",
      "PUT 3",
      true,
      "waiting",
      "was taken back",
    ],
  ] as const
) {
  Deno.test(`a sender that is killed ${moment} can take back what it has left`, async () => {
    await using drops = await Drops.open();
    const front = drops.front();
    const held = front.hold(name, isPassed);
    const file = await drops.alice.write("notes.md", randomBytes(SIZE));
    const leaving = drops.startLeaving(file, "--keep-secrets");
    await held;
    leaving.signal("SIGKILL");
    await leaving.ended;
    const [entry, ...others] = await drops.status();
    assertEquals(others, []);
    assertEquals(entry!.state, state);
    const stopped = await drops.alice.run("stop", []);
    assertSuccess(stopped);
    assertStringIncludes(stopped.stderr, `${entry!.id} ${words}`);
    assertEquals((await drops.alice.run("stop", ["--all"])).code, 0);
    assertEquals(await drops.alice.kept(), []);
    await assertEmpty(drops);
  });
}

Deno.test("a sender that is stopped takes back what it has left by itself", async () => {
  await using drops = await Drops.open();
  const front = drops.front();
  const held = front.hold("PUT 2");
  const file = await drops.alice.write("notes.md", randomBytes(SIZE));
  const leaving = drops.startLeaving(file, "--keep-secrets");
  await held;
  leaving.signal("SIGINT");
  assertFailure(await leaving.ended, "INTERRUPTED", "Stopped");
  assertEquals(await drops.entries(), []);
  assertEquals(front.requests.at(-1), "DELETE");
});

// Breaks when a refusal of any kind counts as "it is gone": the entry has the only token.
Deno.test("a sender that is stopped keeps the entry of a drop that its relay does not delete", async () => {
  await using drops = await Drops.open();
  const front = drops.front();
  const held = front.hold("PUT 3", true);
  front.answers.set("DELETE", busy);
  const file = await drops.alice.write("notes.md", randomBytes(SIZE));
  const leaving = drops.startLeaving(file, "--keep-secrets");
  await held;
  leaving.signal("SIGINT");
  assertFailure(await leaving.ended, "INTERRUPTED", "Stopped");
  front.answers.delete("DELETE");
  await assertStops(drops, "was taken back");
});

for (
  const [moment, name, isPassed, words] of [
    ["before the first part", "PUT 0", false, "is not at its relay"],
    ["between two parts", "PUT 2", false, "was taken back"],
    ["before the last part is confirmed", "PUT 3", true, "was taken back"],
  ] as const
) {
  Deno.test(`a sender does not leave again what is taken back ${moment}`, async () => {
    await using drops = await Drops.open();
    const front = drops.front();
    front.answers.set(name, async (_, pass) => {
      front.answers.delete(name);
      const answer = isPassed ? await pass() : null;
      await assertStops(drops, words);
      return answer;
    });
    const file = await drops.alice.write("notes.md", randomBytes(SIZE));
    const ended = await drops.startLeaving(file, "--keep-secrets").ended;
    assertFailure(ended, "INTERRUPTED", TAKEN_BACK);
    await assertEmpty(drops);
    assertEquals((await drops.status()).map(({ state }) => state), ["back"]);
  });
}

Deno.test("a sender whose drop was taken back, and that cannot take the rest back, leaves that to stop", async () => {
  await using drops = await Drops.open();
  const front = drops.front();
  front.answers.set("PUT 0", async () => {
    front.answers.delete("PUT 0");
    await assertStops(drops, "is not at its relay");
    front.answers.set("DELETE", busy);
    return null;
  });
  const file = await drops.alice.write("notes.md", randomBytes(SIZE));
  const ended = await drops.startLeaving(file, "--keep-secrets").ended;
  assertFailure(ended, "INTERRUPTED", TAKEN_BACK);
  front.answers.delete("DELETE");
  await assertStops(drops, "was taken back");
  await assertEmpty(drops);
});

Deno.test("both sides go on after cuts, and a sender begins again when the relay has forgotten the drop", async () => {
  await using drops = await Drops.open();
  const front = drops.front();
  const refuseOnce = (name: string, status: number, error: string) =>
    front.answers.set(name, () => {
      front.answers.delete(name);
      return Response.json({ error }, { status });
    });
  const bytes = randomBytes(SIZE);
  refuseOnce("PUT 1", 408, "body_late");
  refuseOnce("PUT 2", 503, "store_failed");
  refuseOnce("PUT 3", 404, "drop_not_found");
  const { code } = await drops.leave(bytes, "--keep-secrets");
  refuseOnce("GET 1", 429, "too_many_requests");
  refuseOnce("GET 2", 409, "changed");
  refuseOnce("DELETE", 503, "shutting_down");
  const output = drops.bob.path("out");
  const ended = await drops.take(code, "--output", output);
  assertSuccess(ended);
  assertEquals(ended.stderr.match(/trying again/g)?.length, 3);
  assertEquals(await sha256(await Deno.readFile(output)), await sha256(bytes));
  assertEquals(front.answers.size, 0);
});

Deno.test("a receiver that is killed between two parts goes on from there, and keeps the drop from others until then", async () => {
  await using drops = await Drops.open();
  const bytes = randomBytes(SIZE);
  const { code, sha256: hash } = await drops.leave(bytes, "--keep-secrets");
  const front = drops.front();
  const held = front.hold("GET 2");
  const output = drops.bob.path("out");
  const taking = drops.startTaking(code, ["--output", output]);
  await held;
  const beside = await drops.startTaking(code, []).ended;
  assertFailure(
    beside,
    "DROP_BUSY",
    "Another command on this machine is taking the drop",
  );
  taking.signal("SIGKILL");
  await taking.ended;
  const kept = await drops.bob.kept();
  assertEquals(kept.length, 2, `${kept}`);
  for (const name of kept) {
    const { mode } = await Deno.stat(`${drops.bob.state}/${name}`);
    assertEquals(mode! & 0o077, 0);
    assert(!name.includes(String(code).slice(5, 10)));
  }
  assert(kept.includes(`partial/${hash}`));
  const other = await drops.startTaking(code, [], { machine: drops.alice })
    .ended;
  assertFailure(
    other,
    "DROP_BUSY",
    "Another receiver is taking the drop",
    "Try again in ",
  );
  front.requests.length = 0;
  assertSuccess(await drops.take(code, "--output", output));
  assertEquals(front.requests, ["GET", "GET 0", "GET 2", "GET 3", "DELETE"]);
  assertEquals(await sha256(await Deno.readFile(output)), await sha256(bytes));
  assertEquals(await drops.bob.kept(), []);
});

Deno.test("a part that the relay has changed is not used, and the parts before it are not fetched again", async () => {
  await using drops = await Drops.open();
  const bytes = randomBytes(SIZE);
  const { code } = await drops.leave(bytes, "--keep-secrets");
  const front = drops.front();
  front.answers.set("GET 2", async (_, pass) => {
    front.answers.delete("GET 2");
    const part = await (await pass()).bytes();
    part[100]! ^= 1;
    return new Response(part);
  });
  const output = drops.bob.path("out");
  const ended = await drops.take(code, "--output", output);
  assertFailure(
    ended,
    "PAYLOAD_CORRUPT",
    "Cannot use what the relay has returned",
    "Try again; if that does not help, ask the sender",
  );
  front.requests.length = 0;
  assertSuccess(await drops.take(code, "--output", output));
  assertEquals(front.requests, ["GET", "GET 0", "GET 2", "GET 3", "DELETE"]);
  assertEquals(await sha256(await Deno.readFile(output)), await sha256(bytes));
});

Deno.test("a receiver that is killed before the receipt has the document, and can take it again", async () => {
  await using drops = await Drops.open();
  const bytes = randomBytes(SIZE);
  const { code } = await drops.leave(bytes, "--keep-secrets");
  const front = drops.front();
  const held = front.hold("DELETE");
  const taking = drops.startTaking(code, ["--output", drops.bob.path("a")]);
  await held;
  taking.signal("SIGKILL");
  await taking.ended;
  assertEquals((await drops.status())[0]!.state, "waiting");
  assertSuccess(await drops.take(code, "--output", drops.bob.path("b")));
  for (const name of ["a", "b"]) {
    const stored = await Deno.readFile(drops.bob.path(name));
    assertEquals(await sha256(stored), await sha256(bytes));
  }
  assertEquals((await drops.status())[0]!.state, "taken");
  assertEquals(await drops.bob.kept(), []);
});

Deno.test("a drop that was taken before its sender heard that it is complete is left, and is left once", async () => {
  await using drops = await Drops.open();
  const front = drops.front();
  front.answers.set("PUT 0", async ({ headers, url }, pass) => {
    front.answers.delete("PUT 0");
    await (await pass()).body?.cancel();
    const [, , id] = new URL(url).pathname.split("/");
    const taker = {
      "drop-take": headers.get("drop-take")!,
      "drop-taking": "1".repeat(32),
    };
    await drops.relay.ask("GET", `/drops/${id}/0`, taker);
    const receipt = await drops.relay.ask("DELETE", `/drops/${id}`, taker);
    assertEquals(receipt.status, 200);
    return new Response("", { status: 502 });
  });
  await drops.leave();
  assertEquals((await drops.status()).map(({ state }) => state), ["taken"]);
});

// Breaks when the only copy of the code is lost with an entry that was written well enough before.
Deno.test("serve --leave tells the code of a drop whose entry cannot be written again", async () => {
  await using drops = await Drops.open();
  const front = drops.front();
  front.answers.set("PUT 0", async (_, pass) => {
    const answer = await pass();
    const [{ id }] = await drops.entries() as [{ id: string }];
    const path = `${drops.alice.state}/drops/${id}.json`;
    await Deno.remove(path);
    await Deno.mkdir(`${path}/in the way`, { recursive: true });
    return answer;
  });
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const ended = await drops.startLeaving(file).ended;
  assertEquals(ended.code, 0, ended.stderr);
  const left = ended.events.find(({ event }) => event === "left");
  assertEquals(typeof left?.code, "string");
  assertStringIncludes(ended.stderr, "the drop waits all the same");
  const taken = await drops.take(left!.code);
  assertSuccess(taken);
  assertEquals(taken.text, DOCUMENT);
});
