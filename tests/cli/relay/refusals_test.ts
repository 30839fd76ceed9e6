/**
 * Relays and rooms that cannot be used: what both sides say then.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { SpreadErrorCode } from "../../../lib/errors.ts";
import {
  assertFailure,
  assertSuccess,
  randomBytes,
  until,
} from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { APART } from "../../support/relay_share.ts";
import { DOCUMENT, MiB, Room } from "./_room.ts";

Deno.test("receive says that the room is full", async () => {
  await using room = await Room.open(randomBytes(64 * MiB), ["--generate"], {
    maxQueue: 0,
  });
  const first = room.start(["--output", room.bob.path("a"), room.invite]);
  const { hub } = room.relay.server;
  await until("the first", () => hub.metrics.get("joins") === 1);
  // It must not be done before the second one comes.
  first.signal("SIGSTOP");
  const second = await room.receive(
    "--output",
    room.bob.path("b"),
    room.invite,
  );
  assertFailure(
    second,
    "RELAY_BUSY",
    "Too many receivers are waiting in this room",
  );
  first.signal("SIGCONT");
  assertSuccess(await first.ended);
});

/** Listens and says what a web server says that knows nothing of relays. */
function serveWeb(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("hello", { status: 200 }),
  );
}

for (const script of ["serve", "receive"] as const) {
  Deno.test(`${script} says what is wrong with the relay`, async () => {
    await using machine = await Machine.make();
    await using web = serveWeb();
    const { port } = web.addr;
    const file = await machine.write("doc.md", DOCUMENT);
    const cases: [url: string, message: string][] = [
      ["wss://relay.invalid", "the name relay.invalid cannot be resolved"],
      ["ws://127.0.0.1:1", "the connection is refused"],
      [`wss://127.0.0.1:${port}`, "the server at this port does not speak"],
      [`ws://127.0.0.1:${port}`, "its address answers 200 OK"],
    ];
    for (const [url, message] of cases) {
      const { host } = new URL(url);
      const args = script === "serve"
        ? ["--relay", url, "pass", file]
        : ["--relay", url, "--room", "k7m2xq", "pass"];
      const ended = await machine.run(script, args, APART);
      assertFailure(
        ended,
        "RELAY_UNREACHABLE",
        `Cannot reach the relay ${host}: ${message}`,
        "Check",
      );
      assertEquals(await machine.kept(), []);
    }
  });
}

Deno.test("receive names a room that is not there, or no longer; the share has a new one with the same words", async () => {
  await using room = await Room.open(DOCUMENT, ["--generate"], {
    roomTtlMs: 4_000,
  });
  const unknown = await room.receive("--room", "zzzzz2", "pass");
  assertFailure(unknown, "NO_ROOM", "The relay has no room with this code");
  assertEquals((await room.sharing.event("relay")).state, "lost");
  const found = await room.sharing.event("relay");
  assertEquals([found.state, found.new], ["found", true]);
  const expired = await room.receive(room.invite);
  assertFailure(expired, "NO_ROOM", "The relay has no room with this code");
  const { events } = await room.alice.run("status", ["--json"]);
  assertEquals(events[0]?.room_state, "new");
  const words = room.invite.slice(room.code.length);
  assertSuccess(await room.receive(`${events[0]?.room}${words}`));
});

Deno.test("serve and receive refuse what cannot be about a relay", async () => {
  await using machine = await Machine.make();
  const cases: [string[], string][] = [
    [["--relay", "pass"], "The room code is missing"],
    [["--room", "k7m2x-", "pass"], '"k7m2x-" is not a room code'],
    [["--room", "k7m2x", "pass"], '"k7m2x" is not a room code'],
    [
      ["--relay", "http://relay.example", "pass"],
      '"http://relay.example" is not the address of a relay',
    ],
    [
      ["--relay=nonsense", "pass"],
      '"nonsense" is not the address of a relay',
    ],
    [
      ["--relay", "wss://me:secret@relay.example", "pass"],
      "The address of a relay cannot have a user, a password or a #",
    ],
    [
      ["--relay", "ws://relay.example", "pass"],
      'The connection to "ws://relay.example" would not be encrypted',
    ],
  ];
  for (const [args, message] of cases) {
    const code: SpreadErrorCode = "USAGE";
    assertFailure(await machine.run("receive", args, APART), code, message);
  }
});

Deno.test("serve keeps the document, when the relay cannot be reached", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("doc.md", DOCUMENT);
  const args = ["--relay", "ws://127.0.0.1:1", "--remove-file", "pass", file];
  const ended = await machine.run("serve", args);
  assertFailure(ended, "RELAY_UNREACHABLE", "Cannot reach the relay");
  assertEquals(await machine.works(), ["doc.md"]);
});

Deno.test("serve and receive say that the relay is full", async () => {
  await using room = await Room.open(DOCUMENT, ["--generate"], {
    maxConnections: 1,
  });
  const ended = await room.receive(room.invite);
  assertFailure(
    ended,
    "RELAY_BUSY",
    "The relay accepts no more connections",
    "another relay",
  );
});

Deno.test("a nonsensical CLAUDE_SPREAD_RELAY disturbs nobody who uses no relay", async () => {
  await using machine = await Machine.make();
  const env = { CLAUDE_SPREAD_RELAY: "nonsense" };
  const file = await machine.write("doc.md", DOCUMENT);
  await using sharing = await machine.share(["pass", file], { env });
  const ended = await machine.run("receive", ["pass", sharing.address], {
    env,
  });
  assertSuccess(ended);
  assertEquals(ended.text, DOCUMENT);
  const asked = await machine.run("receive", ["--relay", "pass"], { env });
  assertFailure(asked, "USAGE", '"nonsense" is not the address of a relay');
});

Deno.test("serve and receive say so, when a passphrase is something else", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("doc.md", DOCUMENT);
  for (const script of ["serve", "receive"] as const) {
    const args = ["--relay", "relay.example.com", file];
    assertFailure(
      await machine.run(script, args),
      "USAGE",
      '"relay.example.com" looks like the address of a relay',
      "--relay wss://relay.example.com",
    );
  }
  assertFailure(
    await machine.run("serve", ["--relay", "notez.md"]),
    "USAGE",
    '"notez.md" looks like the address of a relay',
    "if it is the file to share, check its name",
  );
  assertFailure(
    await machine.run("serve", ["k7m2xq-a-b-c-d", file]),
    "USAGE",
    "The passphrase looks like an invite",
  );
});
