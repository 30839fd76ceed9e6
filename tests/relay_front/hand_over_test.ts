/**
 * Handing over through nginx and Caddy, as docs/self_hosting.md configures them.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readFile } from "node:fs/promises";
import { connect, type ConnectionOptions } from "node:tls";
import { needing } from "../support/missing.ts";
import { assertSuccess, randomBytes, sha256 } from "../support/checks.ts";
import { Proxy } from "../support/proxy.ts";
import type { Sharing } from "../support/machine.ts";
import { Stage } from "./_stage.ts";

const MiB = 1024 * 1024;
const DOCUMENT = "# Through a front\n\nGrüße, 한글 and 🎉.\n";

/** Returns the states of its relay that the share has told until it is stopped. */
async function relayStates(sharing: Sharing): Promise<unknown[]> {
  const { events } = await sharing.stop();
  return events.filter(({ event }) => event === "relay")
    .map(({ state }) => state);
}

/** The status of an upgrade that comes from this address of 127.0.0.0/8. */
async function upgradeFrom(
  localAddress: string,
  { front, authority }: Stage,
): Promise<{ status: string; end(): void }> {
  const options: ConnectionOptions & { localAddress: string } = {
    host: "127.0.0.1",
    port: front.port,
    servername: "localhost",
    ca: await readFile(authority.path),
    localAddress,
  };
  const socket = connect(options);
  socket.write(
    "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\n" +
      "upgrade: websocket\r\nsec-websocket-version: 13\r\n" +
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  const [line] = await new Promise<string[]>((resolve, reject) => {
    socket.once("data", (data) => resolve(String(data).split("\r\n")));
    socket.once("error", reject);
  });
  return { status: line!.split(" ")[1]!, end: () => socket.destroy() };
}

for (const kind of ["nginx", "caddy"] as const) {
  Deno.test({
    name: `serve and receive hand over through ${kind}, as documented`,
    ...needing(kind, "openssl"),
    fn: async () => {
      await using stage = await Stage.set(kind);
      const sharing = await stage.share(DOCUMENT);
      const ended = await stage.receive(sharing).ended;
      assertSuccess(ended);
      assertEquals(ended.text, DOCUMENT);
      const { peer } = await sharing.event("delivered");
      assertStringIncludes(String(peer), "on the relay");
    },
  });

  Deno.test({
    name: `the relay tells addresses apart through ${kind}, as documented`,
    ignore: Deno.build.os !== "linux" || needing(kind, "openssl").ignore,
    fn: async () => {
      const relay = { trustedProxies: 1, maxConnectionsPerAddress: 1 };
      await using stage = await Stage.set(kind, { relay });
      const statuses: string[] = [];
      const upgrades = [];
      for (const address of ["127.0.9.1", "127.0.9.2", "127.0.9.1"]) {
        const upgrade = await upgradeFrom(address, stage);
        upgrades.push(upgrade);
        statuses.push(upgrade.status);
      }
      for (const upgrade of upgrades) upgrade.end();
      assertEquals(statuses, ["101", "101", "429"]);
    },
  });
}

Deno.test({
  name: "serve and receive meet under a path of nginx, whose slash is kept",
  ...needing("nginx", "openssl"),
  fn: async () => {
    await using stage = await Stage.set("nginx", { path: "/relay/" });
    const sharing = await stage.share(DOCUMENT);
    const [command] = sharing.ready.commands as [string];
    assertStringIncludes(command, ` --relay ${stage.url} `);
    const ended = await stage.receive(sharing).ended;
    assertSuccess(ended);
    assertEquals(ended.text, DOCUMENT);
  },
});

Deno.test({
  name:
    "a share that waits outlasts the idle time of nginx, as the relay pings more often",
  ...needing("nginx", "openssl"),
  fn: async () => {
    // Three seconds for the 60 of nginx, a fifth of them for the 20 of the relay: a busy machine
    // may be late.
    const server = "proxy_read_timeout 3s;";
    const set = (pingMs: number) =>
      Stage.set("nginx", { server, relay: { pingMs } });
    await using lively = await set(600);
    await using silent = await set(60_000);
    const [waiting, cut] = await Promise.all([
      lively.share(DOCUMENT),
      silent.share(DOCUMENT),
    ]);
    assertEquals((await cut.event("relay")).state, "lost");
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assertSuccess(await lively.receive(waiting).ended);
    assertEquals(await relayStates(waiting), []);
  },
});

Deno.test({
  name: "a share outlasts a reload of nginx",
  ...needing("nginx", "openssl"),
  fn: async () => {
    await using stage = await Stage.set("nginx");
    const sharing = await stage.share(DOCUMENT);
    await stage.front.reload();
    assertSuccess(await stage.receive(sharing).ended);
    assertEquals(await relayStates(sharing), []);
  },
});

Deno.test({
  name: "a transfer goes on, when a reload of nginx cuts it",
  ...needing("nginx", "openssl"),
  fn: async () => {
    const bytes = randomBytes(32 * MiB);
    const holdAfter = [Infinity, 8 * MiB];
    let proxy!: Proxy;
    await using stage = await Stage.set("nginx", {
      settings: "worker_shutdown_timeout 100ms;",
      between: (port) => {
        proxy = new Proxy({ port, holdAfter });
        return proxy.address;
      },
    });
    await using _proxy = proxy;
    const sharing = await stage.share(bytes);
    const output = stage.bob.path("out");
    const receiving = stage.receive(sharing, ["--output", output]);
    await proxy.held;
    await stage.front.reload();
    await sharing.event("relay");
    proxy.release();
    assertSuccess(await receiving.ended);
    assertEquals(
      await sha256(await Deno.readFile(output)),
      await sha256(bytes),
    );
    const again = proxy.passed.slice(2).reduce((sum, count) => sum + count, 0);
    assert(again < bytes.length, `${again} bytes were sent once more`);
    assertEquals(await relayStates(sharing), ["lost", "found"]);
  },
});
