/** Words for senders and receivers when a relay does not keep, or does not have, a drop. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { SpreadErrorCode } from "../../../lib/errors.ts";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import { assertFailure, assertSuccess } from "../../support/checks.ts";
import { DOCUMENT, Drops } from "./_drops.ts";

for (
  const [what, env, args, code, message, hint] of [
    [
      "keeps drops for a shorter time",
      { RELAY_DROP_TTL: "3600" },
      ["--leave=2h"],
      "USAGE",
      "keeps drops for 1 h at most",
      "Name a shorter time",
    ],
    [
      "keeps smaller drops only",
      { RELAY_DROP_SIZE: "61440" },
      ["--keep-secrets"],
      "PAYLOAD_TOO_LARGE",
      "Cannot leave 70.0 KB: the relay keeps drops of at most 61.4 KB",
      "while both machines are awake",
    ],
    [
      "keeps one drop of an address",
      { RELAY_DROPS_PER_ADDRESS: "1" },
      [],
      "RELAY_BUSY",
      "takes no more drops from this network now",
      "take one back",
    ],
    [
      "takes one drop of an address in a minute",
      { RELAY_CREATES_PER_MINUTE: "1" },
      [],
      "RELAY_BUSY",
      "takes no more drops from this network now",
      "Wait a minute and try again",
    ],
  ] as [
    string,
    Record<string, string>,
    string[],
    SpreadErrorCode,
    string,
    string,
  ][]
) {
  Deno.test(`serve --leave says so, and leaves nothing, when the relay ${what}`, async () => {
    await using drops = await Drops.open(env);
    const isFull = code === "RELAY_BUSY";
    if (isFull) await drops.leave();
    const large = DOCUMENT.padEnd(70_000, "All of it. ");
    const file = await drops.alice.write("a.md", isFull ? DOCUMENT : large);
    const ended = await drops.startLeaving(file, ...args).ended;
    assertFailure(ended, code, "", hint);
    assertStringIncludes(ended.stderr, message);
    assertEquals((await drops.entries()).length, isFull ? 1 : 0);
  });
}

Deno.test("serve --leave says in one line that a relay keeps no drops, and sends it nothing", async () => {
  await using drops = await Drops.open();
  await using relay = await startLocalRelay();
  drops.url = relay.url;
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const ended = await drops.startLeaving(file, "--remove-file").ended;
  assertFailure(
    ended,
    "DROPS_OFF",
    `The relay ${new URL(relay.url).host} does not keep drops`,
    "Name a relay that does with --relay URL",
  );
  assertEquals(await Deno.readTextFile(file), DOCUMENT);
  assertEquals(await drops.alice.kept(), []);
  const front = drops.front();
  front.answers.set(
    "GET drops",
    () => new Response("Upgrade to a WebSocket", { status: 426 }),
  );
  const plain = await drops.startLeaving(file).ended;
  assertFailure(plain, "DROPS_OFF", "The relay 127.0.0.1:");
  drops.url = relay.url;
  const taking = await drops.take("drop-00000-00000-00000-00000-00000-3qmqw");
  assertFailure(taking, "DROPS_OFF", "The relay 127.0.0.1:");
  assertEquals(await drops.bob.kept(), []);
});

Deno.test("serve --leave refuses what does not go together, before it asks anyone", async () => {
  await using drops = await Drops.open();
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const wrong: [string[], string][] = [
    [["--leave=8d"], "--leave 8d is not a time from 1m to 7d"],
    [["--leave=0m"], "--leave 0m is not a time from 1m to 7d"],
    [["--leave", "--once"], "--once and --leave cannot be used together"],
    [["--leave", "own words"], "A drop has a code instead of a passphrase"],
  ];
  for (const [args, message] of wrong) {
    const ended = await drops.alice.run("serve", [...args, file]);
    assertFailure(ended, "USAGE", message);
  }
  const code = "drop-00000-00000-00000-00000-00000-3qmqw";
  for (const beside of [["--room", "k7m2xq"], ["--legacy"]]) {
    const ended = await drops.bob.run("receive", [...beside, code]);
    assertFailure(
      ended,
      "USAGE",
      "The code of a drop cannot be combined with --room",
    );
  }
  const secret = `token: ghp_${"a1B2".repeat(9)}`;
  const found = await drops.alice.write("secret.md", secret);
  const ended = await drops.startLeaving(found).ended;
  assertFailure(ended, "SECRETS_FOUND", "Cannot share");
  assertEquals(await drops.alice.kept(), []);
});

Deno.test("serve --leave is not misled by a relay that has a drop under every new code", async () => {
  await using drops = await Drops.open();
  drops.front().answers.set(
    "PUT 0",
    () => Response.json({ error: "drop_exists" }, { status: 409 }),
  );
  const file = await drops.alice.write("notes.md", DOCUMENT);
  const ended = await drops.startLeaving(file).ended;
  assertFailure(
    ended,
    "BAD_MESSAGE",
    "The relay 127.0.0.1:",
    "name another relay with --relay URL",
  );
  assertEquals(await drops.entries(), []);
});

Deno.test("receive says that a drop has expired, was taken back, or is still being left", async () => {
  await using drops = await Drops.open();
  const { code, id } = await drops.leave();
  const front = drops.front();
  front.answers.set("GET", () =>
    Response.json({
      state: "filling",
      bytes: 100_000,
      parts: 2,
      next: 1,
      expires_s: 100,
    }));
  const filling = await drops.take(code);
  assertFailure(filling, "DROP_BUSY", "The drop is not complete");
  front.answers.clear();
  // As after its time.
  front.answers.set(
    "GET",
    () => Response.json({ error: "drop_not_found" }, { status: 404 }),
  );
  const path = `${drops.alice.state}/drops/${id}.json`;
  const [entry] = await drops.entries();
  const expires = new Date(Date.now() - 60_000).toISOString();
  const relay = front.url;
  await Deno.writeTextFile(path, JSON.stringify({ ...entry, expires, relay }));
  assertEquals((await drops.status())[0]!.state, "expired");
  assertFailure(
    await drops.take(code),
    "NO_DROP",
    "The relay 127.0.0.1:",
    "have expired",
  );
  // A day after it is over, the entry goes.
  const [over] = await drops.entries();
  assertEquals((over!.over as { how: string }).how, "expired");
  const at = new Date(Date.now() - 25 * 3600_000).toISOString();
  const old = { ...over, over: { at, how: "expired" } };
  await Deno.writeTextFile(path, JSON.stringify(old));
  assertSuccess(await drops.alice.run("status", []));
  assertEquals(await drops.entries(), []);
});
