/**
 * Commands that are stopped by a signal, whatever they are doing.
 *
 * @module
 */

import { createSocket } from "node:dgram";
import { assert, assertEquals } from "@std/assert";
import { multicastDns, type Packet } from "multicast-dns/typed";
import { SERVICE_TYPE } from "../../../lib/discovery/dns_records.ts";
import { assertFailure, randomBytes, until } from "../../support/checks.ts";
import { Machine } from "../../support/machine.ts";
import { Handing } from "../../support/handing.ts";

const MiB = 1024 * 1024;
const SIZE = 9 * MiB;

/** Hears the multicast DNS responses on loopback. */
function listenToLoopback(): { packets: Packet[] } & AsyncDisposable {
  const mdns = multicastDns({
    socket: createSocket({ type: "udp4", reuseAddr: true }),
    type: "udp4",
    ip: "224.0.0.251",
    interface: "127.0.0.1",
    bind: "0.0.0.0",
  });
  const packets: Packet[] = [];
  mdns.on("packet", (packet) => {
    if (packet.type === "response") packets.push(packet);
  });
  const ready = new Promise<void>((resolve) => mdns.on("ready", resolve));
  return {
    packets,
    [Symbol.asyncDispose]: async () => {
      await ready;
      await new Promise<void>((resolve) => mdns.destroy(resolve));
    },
  };
}

const SIGNALS: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

Deno.test("serve says goodbye and leaves nothing, when it is stopped", async () => {
  await using loopback = listenToLoopback();
  for (const signal of SIGNALS) {
    await using machine = await Machine.make();
    await using sharing = await machine.share(["pass", "-"], {
      stdin: randomBytes(5 * MiB),
    });
    const answers = () => loopback.packets.flatMap(({ answers }) => answers);
    const { name } = await until(
      "the announcement",
      () =>
        answers().find(({ type, data }) =>
          type === "SRV" && (data as { port: number }).port === sharing.port
        ),
    );
    assertEquals((await machine.kept()).length, 1);
    const ended = await sharing.stop(signal);
    assertFailure(ended, "INTERRUPTED", "Stopped");
    await until(
      "the goodbye",
      () =>
        answers().some(({ type, data, ttl }) =>
          type === "PTR" && data === name && ttl === 0
        ),
    );
    assert(name.endsWith(SERVICE_TYPE));
    assertEquals(await machine.kept(), []);
    assertEquals(await machine.entries(), []);
  }
});

Deno.test("serve can be stopped at once, while it sends", async () => {
  await using handing = await Handing.start(SIZE, 3 * MiB);
  await using _receiving = handing.start();
  await handing.proxy.held;
  // The proxy holds the transfer up until after the end.
  assertFailure(await handing.sharing.stop(), "INTERRUPTED", "Stopped");
});

Deno.test("serve leaves nothing, when it is stopped before its input has ended", async () => {
  await using machine = await Machine.make();
  await using running = machine.start("serve", ["--json", "pass", "-"], {
    stdin: "open",
  });
  await running.type(randomBytes(5 * MiB));
  await until(
    "the spooled file",
    async () => (await machine.kept()).length > 0,
  );
  assertFailure(await running.stop(), "INTERRUPTED", "Stopped");
  assertEquals(await machine.kept(), []);
});

Deno.test({
  name: "serve and receive can be stopped, while they wait for the passphrase",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    const file = await machine.write("a.md", "Body");
    for (
      const [script, last] of [
        ["serve", file],
        ["receive", "127.0.0.1:9"],
      ] as const
    ) {
      await using running = machine.start(
        script,
        ["--passphrase-file", "-", last],
        { stdin: "open" },
      );
      // More than a pipe holds, and no more than is read: once it is taken, the command is reading.
      await running.type("x".repeat(64 * 1024 + 4));
      const timer = setTimeout(() => running.signal("SIGKILL"), 20_000);
      const ended = await running.stop();
      clearTimeout(timer);
      assertFailure(ended, "INTERRUPTED", "Stopped");
    }
  },
});

Deno.test({
  name: "serve can be stopped, while it reads a huge file",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    await using machine = await Machine.make();
    const file = await machine.write("huge.bin", "");
    await Deno.truncate(file, 2 ** 36);
    await using running = machine.start("serve", ["pass", file]);
    await running.hasOpened(file);
    const timer = setTimeout(() => running.signal("SIGKILL"), 20_000);
    const ended = await running.stop();
    clearTimeout(timer);
    assertFailure(ended, "INTERRUPTED", "Stopped");
  },
});

Deno.test({
  name: "receive can be stopped, while it looks for a sender",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using machine = await Machine.make();
    // To an address, so that it does not try the passphrase on other tests' shares.
    using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = silent.addr as Deno.NetAddr;
    await using running = machine.start("receive", [
      "pass",
      `127.0.0.1:${port}`,
    ]);
    using _conn = await silent.accept();
    assertFailure(await running.stop(), "INTERRUPTED", "Stopped");
    assertEquals(await machine.kept(), []);
  },
});
