/**
 * Sharing through a relay. Receivers look for senders on ::1 and senders announce on
 * 127.0.0.1, so that they meet nowhere but there, except where a test wants them to.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Announcer } from "../../../lib/discovery/announcer.ts";
import { InterfaceWatch, nameInstance } from "../../../lib/discovery/mdns.ts";
import { startLocalRelay } from "../../../relay/testing/local_relay.ts";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  sha256,
  uniquePassphrase,
  until,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { Proxy } from "../../support/proxy.ts";
import { APART } from "../../support/relay_share.ts";
import { DOCUMENT, MiB, Room } from "./_room.ts";

Deno.test("receive takes an invite through the relay", async () => {
  await using room = await Room.open(DOCUMENT);
  const ended = await room.receive(room.invite);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
  const { peer, via } = await room.sharing.event("delivered");
  assertStringIncludes(String(peer), "on the relay");
  assertEquals(via, "relay");
});

Deno.test("receive takes room code and passphrase apart, from the environment's relay", async () => {
  const passphrase = uniquePassphrase();
  await using room = await Room.open(DOCUMENT, [passphrase]);
  assertEquals(room.sharing.ready.invite, null);
  const ended = await room.bob.run(
    "receive",
    ["--relay", "--room", room.code.toUpperCase(), passphrase],
    { ...APART, env: { CLAUDE_SPREAD_RELAY: room.relay.url } },
  );
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
});

Deno.test("serve names the commands that a receiver may type, and they work", async () => {
  await using room = await Room.open(DOCUMENT);
  const commands = room.sharing.ready.commands as string[];
  const { url } = room.relay;
  const words = room.invite.slice(room.code.length + 1);
  assertEquals(commands, [
    `/claude-spread:distill-receive --relay ${url} ${room.invite}`,
    `/claude-spread:distill-receive --relay ${url} --room ${room.code} ${words}`,
  ]);
  for (const command of commands) {
    const args = command.split(" ").slice(1);
    const ended = await room.bob.run("receive", args, APART);
    assertSuccess(ended);
    assertEquals(ended.text, DOCUMENT);
  }
});

Deno.test("receive leaves the relay alone, when both are on one network and the relay is slow", async () => {
  await using room = await Room.open(DOCUMENT);
  const port = Number(new URL(room.relay.url).port);
  // Its first answer does not arrive.
  await using slow = new Proxy({ port, holdAfter: [1] });
  const args = ["--relay", `ws://${slow.address}`, room.invite];
  const ended = await room.bob.run("receive", args);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
  const { peer, via } = await room.sharing.event("delivered");
  assertEquals([peer, via], ["127.0.0.1", "lan"]);
  assertEquals(room.relay.server.hub.metrics.get("bytes_forwarded"), 0);
});

Deno.test("receive is refused through the relay with another passphrase, and the share goes on", async () => {
  await using room = await Room.open(DOCUMENT);
  const refused = await room.receive(
    "--room",
    room.code,
    "acid-acid-acid-acid",
  );
  assertFailure(refused, "PASSPHRASE_REFUSED", "Cannot confirm the other side");
  assertEquals(
    (await room.sharing.event("refused")).error,
    "PASSPHRASE_REFUSED",
  );
  await room.sharing.says("(wrong passphrase 1 of 10)");
  assertSuccess(await room.receive(room.invite));
});

Deno.test("receivers wait in the room for each other", async () => {
  const bytes = randomBytes(24 * MiB);
  await using room = await Room.open(bytes);
  const outputs = ["one", "two", "three"].map((name) => room.bob.path(name));
  const all = await Promise.all(
    outputs.map((output) => room.receive("--output", output, room.invite)),
  );
  for (const [i, ended] of all.entries()) {
    assertSuccess(ended);
    const received = await Deno.readFile(outputs[i]!);
    assertEquals(await sha256(received), await sha256(bytes));
  }
  assert(all.some(({ stderr }) => stderr.includes("ahead")));
});

Deno.test("a transfer goes on, when the relay is started anew", async () => {
  const bytes = randomBytes(96 * MiB);
  const settings = { secret: "s".repeat(32), drainMs: 0 };
  await using room = await Room.open(bytes, ["--generate"], settings);
  const output = room.bob.path("out");
  const receiving = room.start(["--json", "--output", output, room.invite]);
  const { hub } = room.relay.server;
  await until(
    "some of it",
    () => hub.metrics.get("bytes_forwarded") > 8 * MiB,
  );
  const port = Number(new URL(room.relay.url).port);
  await room.relay[Symbol.asyncDispose]();
  const before = hub.metrics.get("bytes_forwarded");
  assert(before < bytes.length, "all of it had passed");
  room.relay = await startLocalRelay({ ...settings, port });
  const ended = await receiving.ended;
  assertSuccess(ended);
  assertEquals(await sha256(await Deno.readFile(output)), await sha256(bytes));
  const after = room.relay.server.hub.metrics.get("bytes_forwarded");
  assert(after < bytes.length, `${after} bytes were sent once more`);
  assertEquals(await room.bob.kept(), []);
});

Deno.test("serve gets a new room, when the relay has forgotten the old one", async () => {
  await using room = await Room.open(DOCUMENT, ["--generate"], {
    secret: "s".repeat(32),
  });
  const port = Number(new URL(room.relay.url).port);
  await room.relay[Symbol.asyncDispose]();
  await room.sharing.event("relay");
  room.relay = await startLocalRelay({ port });
  const found = await room.sharing.event("relay");
  assertEquals([found.state, found.new], ["found", true]);
  const words = room.invite.slice(room.code.length);
  const gone = await room.receive(room.invite);
  assertFailure(gone, "NO_ROOM", "The relay has no room with this code");
  assertSuccess(await room.receive(`${found.room}${words}`));
});

Deno.test("serve closes its room, when it is stopped", async () => {
  await using room = await Room.open(DOCUMENT);
  const { hub } = room.relay.server;
  assertEquals(hub.roomCount, 1);
  assertFailure(await room.sharing.stop(), "INTERRUPTED", "Stopped");
  await until("the room to close", () => hub.roomCount === 0);
  assertEquals(room.relay.log.at(-1)?.outcome, "sender_left");
});

Deno.test("receive tries again after its sender has left, and keeps what has come when it is stopped", async () => {
  const settings = { graceMs: 500 };
  const bytes = randomBytes(96 * MiB);
  await using room = await Room.open(bytes, ["--generate"], settings);
  const output = room.bob.path("out");
  const receiving = room.start(["--output", output, room.invite]);
  const { hub } = room.relay.server;
  await until("some of it", () => hub.metrics.get("bytes_forwarded") > 8 * MiB);
  await room.sharing.stop("SIGKILL");
  // The room is gone by the third attempt, and a sender could come back to it.
  await receiving.says("trying again (4 of 8)");
  assertFailure(await receiving.stop(), "INTERRUPTED", "Stopped");
  assertEquals((await room.bob.kept()).length, 1);
  assertEquals(await room.bob.works(), []);
});

Deno.test("receive needs no relay, when the sender is on its network", async () => {
  await using room = await Room.open(DOCUMENT);
  await room.relay[Symbol.asyncDispose]();
  const ended = await room.start([room.invite], {}).ended;
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
});

Deno.test("serve can be stopped, while the relay is away", async () => {
  await using room = await Room.open(DOCUMENT);
  await room.relay[Symbol.asyncDispose]();
  assertEquals((await room.sharing.event("relay")).state, "lost");
  const start = performance.now();
  assertFailure(await room.sharing.stop(), "INTERRUPTED", "Stopped");
  assert(performance.now() - start < 10_000);
});

Deno.test("receive goes through the relay, when what announces the room is deaf", async () => {
  await using relay = await startLocalRelay();
  await using machine = await Machine.make();
  const file = await machine.write("doc.md", DOCUMENT);
  await using sharing = await machine.share(
    ["--relay", relay.url, "--generate", file],
    APART,
  );
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { signal } = new AbortController();
  const fillRandom = (bytes: Uint8Array<ArrayBuffer>) =>
    crypto.getRandomValues(bytes);
  await using _decoy = await Announcer.open({
    instance: nameInstance(fillRandom),
    port: listener.addr.port,
    kind: "distillation",
    room: String(sharing.ready.room),
  }, {
    watch: new InterfaceWatch(() => Deno.networkInterfaces(), "127.0.0.1"),
    fillRandom,
    signal,
  });
  const ended = await machine.run("receive", [
    "--relay",
    relay.url,
    String(sharing.ready.invite),
  ]);
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
});

Deno.test("receive takes the whole invite beside its room", async () => {
  await using room = await Room.open(DOCUMENT);
  assertSuccess(await room.receive("--room", room.code, room.invite));
});

Deno.test({
  name:
    "receive takes no more memory through the relay, when there is more to receive",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using room = await Room.open(randomBytes(300 * MiB));
    const output = room.bob.path("out");
    const receiving = room.start(["--output", output, room.invite]);
    let peakKiB = 0;
    const timer = setInterval(() => {
      try {
        const status = Deno.readTextFileSync(`/proc/${receiving.pid}/status`);
        peakKiB = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? peakKiB);
      } catch {
        // It has ended.
      }
    }, 20);
    assertSuccess(await receiving.ended);
    clearInterval(timer);
    assert(peakKiB > 0 && peakKiB < 220 * 1024, `${peakKiB} KiB`);
  },
});
