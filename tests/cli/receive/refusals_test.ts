/**
 * Whom the commands refuse and what they say then: passphrases, networks, strangers.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { BytesPayload } from "../../../lib/files/payload/source.ts";
import { NO_EVENTS } from "../../../lib/testing/shares.ts";
import { Share } from "../../../lib/protocol/share.ts";
import { listenTcp } from "../../../lib/transports/tcp.ts";
import { forEach } from "../../../lib/testing/for_each.ts";
import { assertFailure, uniquePassphrase } from "../../support/checks.ts";
import { Machine, type Sharing } from "../../support/machine.ts";
import {
  Loopback,
  startHelper,
  whyNoLoopback,
} from "../../support/isolation.ts";
import type { StartOptions } from "../../support/running.ts";

const noLoopback = await whyNoLoopback();

/** Shares a document and hands it to `test` with its passphrase. */
async function shared(
  options: StartOptions,
  test: (
    machine: Machine,
    sharing: Sharing,
    passphrase: string,
  ) => Promise<void>,
): Promise<void> {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  const file = await machine.write("a.md", "Body");
  await using sharing = await machine.share([passphrase, file], options);
  await test(machine, sharing, passphrase);
  assertEquals(await machine.kept(), []);
  assertEquals(await machine.works(), ["a.md"]);
}

const REFUSED =
  "Cannot confirm the other side: its passphrase is different, or someone is interfering";

Deno.test("receive is refused after three wrong passphrases, even with the right one", async () => {
  // Apart from others, who might use up a guess; where that cannot be had, among them.
  await using loopback = noLoopback === null ? await Loopback.make() : null;
  const options = { via: loopback?.via };
  await shared(options, async (machine, sharing, passphrase) => {
    const receive = (typed: string) =>
      machine.run("receive", [
        "--json",
        "--output",
        machine.path("out.md"),
        typed,
        sharing.address,
      ], options);
    for (let count = 1; count <= 3; count++) {
      assertFailure(
        await receive(`wrong ${count}`),
        "PASSPHRASE_REFUSED",
        REFUSED,
        "Compare the passphrase with the other side, letter by letter",
      );
      const refused = await sharing.event("refused");
      assertEquals(refused.error, "PASSPHRASE_REFUSED");
    }
    assertFailure(
      await receive(passphrase),
      "TOO_MANY_GUESSES",
      "The share accepts no more passphrases from this receiver: too many were wrong",
      "Ask the sender to share again, with a new passphrase",
    );
    assertEquals((await sharing.event("refused")).error, "TOO_MANY_GUESSES");
    const { code, stderr } = await sharing.stop();
    assertEquals(code, 130);
    for (let count = 1; count <= 3; count++) {
      assertStringIncludes(
        stderr,
        `(wrong passphrase ${count} of 3 from 127.0.0.1, ${count} of 10 in all)`,
      );
    }
  });
});

Deno.test({
  name: "serve ends after ten wrong passphrases in total, and says so",
  ignore: noLoopback !== null,
  fn: async () => {
    await using loopback = await Loopback.make();
    const { via } = loopback;
    await shared({ via }, async (machine, sharing, passphrase) => {
      const froms = [2, 3, 4, 5].map((host) => `127.0.0.${host}`);
      const port = String(sharing.port);
      await using helper = await startHelper(
        loopback,
        "addresses.ts",
        port,
        ...froms,
      );
      const entries = helper.said.entries as string[];
      // A receiver with the right passphrase does not use up guesses.
      const args = [passphrase, entries[3]!];
      const right = await machine.run("receive", args, { via });
      assertEquals(right.text, "Body\n");
      const guesses = Array.from({ length: 10 }, (_, i) => entries[i % 4]!);
      await forEach(guesses, async (address) => {
        assertFailure(
          await machine.run("receive", ["wrong", address], { via }),
          "PASSPHRASE_REFUSED",
          REFUSED,
        );
      });
      const peers = (await sharing.ended).events
        .filter(({ event }) => event === "refused").map(({ peer }) => peer);
      assertEquals(peers.sort(), guesses.map((_, i) => froms[i % 4]).sort());
      assertFailure(
        await sharing.ended,
        "TOO_MANY_GUESSES",
        "The share has ended: 10 wrong passphrases were tried",
        "Share again with a new passphrase, and give it only to the receiver",
      );
    });
  },
});

Deno.test({
  name: "receive says what to check, when nobody shares",
  ignore: noLoopback !== null,
  fn: async () => {
    await using loopback = await Loopback.make();
    await using machine = await Machine.make();
    await using _memory = await startHelper(
      loopback,
      "decoy.ts",
      "closed",
      "memory",
    );
    const start = performance.now();
    const received = await machine.run("receive", [
      "--json",
      "--kind",
      "distillation",
      "--output",
      machine.path("out.md"),
      "--timeout",
      "1",
      "pass",
    ], { via: loopback.via });
    // Not the 30 seconds that it takes by default.
    assert(performance.now() - start < 15_000);
    assertFailure(
      received,
      "NO_SENDER",
      "No sender was found on the local network within 1 second",
      "same network",
    );
    assert(/ within 1 second$/m.test(received.stderr), received.stderr);
    for (const check of ["is still sharing", "UDP port 5353", "host:port"]) {
      assertStringIncludes(received.stderr, check);
    }
    assertEquals(await machine.kept(), []);
    assertEquals(await machine.works(), []);
  },
});

for (const way of ["closed", "deaf"] as const) {
  Deno.test({
    name:
      `receive names the port that the firewall has to let in, when the sender's is ${way}`,
    ignore: noLoopback !== null,
    fn: async () => {
      await using loopback = await Loopback.make();
      await using machine = await Machine.make();
      await using decoy = await startHelper(
        loopback,
        "decoy.ts",
        way,
        "distillation",
      );
      assertFailure(
        await machine.run("receive", [
          "--json",
          "--output",
          machine.path("out.md"),
          "pass",
        ], { via: loopback.via }),
        "UNREACHABLE",
        `Cannot connect to 127.0.0.1:${decoy.said.port}`,
        `its firewall allows TCP port ${decoy.said.port}`,
      );
    },
  });
}

Deno.test("receive says so, when nobody listens at the address given", async () => {
  await using machine = await Machine.make();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  assertFailure(
    await machine.run("receive", ["pass", `127.0.0.1:${port}`]),
    "UNREACHABLE",
    `Cannot connect to 127.0.0.1:${port}`,
    `TCP port ${port}`,
  );
});

Deno.test("receive says so, when something else listens at the address given", async () => {
  await using machine = await Machine.make();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const greetings = ["HTTP/1.1 400 Bad Request\r\n\r\n", "", "\0\0\0\x01x"];
  const serving = (async () => {
    for await (const conn of listener) {
      const greeting = greetings[0] ?? "";
      await conn.write(new TextEncoder().encode(greeting)).catch(() => {});
      conn.close();
    }
  })();
  const codes = ["FRAME_TOO_LARGE", "PEER_GONE", "BAD_MESSAGE"] as const;
  for (const code of codes) {
    const received = await machine.run("receive", [
      "--json",
      "--output",
      machine.path("out.md"),
      "pass",
      `127.0.0.1:${port}`,
    ]);
    assertFailure(received, code, "", "host and port");
    greetings.shift();
  }
  listener.close();
  await serving;
});

Deno.test("receive refuses a memory, when it waits for a distillation", async () => {
  await using machine = await Machine.make();
  const passphrase = uniquePassphrase();
  const source = new BytesPayload(new TextEncoder().encode("{}"));
  const { size, sha256 } = source;
  const created = new Date().toISOString();
  const offer = { kind: "memory", name: "m", size, sha256, created } as const;
  const share = new Share({
    secret: passphrase,
    offer,
    source,
    legacy: false,
    fillRandom: (bytes) => crypto.getRandomValues(bytes),
  });
  using listener = listenTcp({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    const { value } = await listener[Symbol.asyncIterator]().next();
    return await share.serve(value, NO_EVENTS)
      .catch((error) => error.message);
  })();
  const received = await machine.run("receive", [
    "--kind",
    "distillation",
    passphrase,
    `127.0.0.1:${listener.port}`,
  ]);
  assertFailure(
    received,
    "PAYLOAD_UNWANTED",
    "The sender shares a memory, not a distillation",
    "Use /claude-spread:memory-receive (--kind memory)",
  );
  assertEquals(
    await served,
    "The receiver did not take what was offered: it is not of the kind that the receiver asked for",
  );
  assertEquals(await machine.kept(), []);
});

Deno.test("serve goes on, when strangers send it nonsense", async () => {
  await shared({}, async (machine, sharing, passphrase) => {
    const nonsense = [
      "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
      "\x1b[2J\x1b]0;title\x07\n\n\n\n",
      "\0\0\0\x01\x01",
      "\0\0\0\x12\x01\x02",
      "\0\0\0\0",
    ];
    for (const words of nonsense) {
      const [hostname, port] = sharing.address.split(":");
      using conn = await Deno.connect({ hostname, port: Number(port) });
      await conn.write(new TextEncoder().encode(words));
      await conn.closeWrite();
      await conn.readable.pipeTo(new WritableStream()).catch(() => {});
    }
    const received = await machine.run("receive", [
      passphrase,
      sharing.address,
    ]);
    assertEquals(received.text, "Body\n");
    const { code, stderr, events } = await sharing.stop();
    assertEquals(code, 130);
    const refused = events.filter(({ event }) => event === "refused");
    assertEquals(refused.length, nonsense.length);
    // Nothing of what they sent is shown, and none of it counts as a guess.
    for (const word of ["HTTP", "title", "\x1b", "of 3"]) {
      assert(!stderr.includes(word), stderr);
    }
  });
});

Deno.test("serve says so, when its port is taken", async () => {
  await using machine = await Machine.make();
  const file = await machine.write("a.md", "Body");
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  assertFailure(
    await machine.run("serve", ["--json", "--port", `${port}`, "pass", file]),
    "CANNOT_LISTEN",
    `Cannot listen on 127.0.0.1:${port}`,
    "Choose another --port",
  );
});
