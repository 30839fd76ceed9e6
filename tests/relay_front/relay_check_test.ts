/**
 * `relay --check` of a relay with a front before it, and through an HTTP proxy.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { needing } from "../support/missing.ts";
import { assertFailure, assertSuccess, until } from "../support/checks.ts";
import { ConnectProxy } from "./_connect_proxy.ts";
import { Stage } from "./_stage.ts";

for (const kind of ["nginx", "caddy"] as const) {
  Deno.test({
    name: `relay --check passes a relay behind ${kind}, and says what is wrong`,
    ...needing(kind, "openssl"),
    fn: async () => {
      await using stage = await Stage.set(kind);
      const check = (env: Record<string, string>) =>
        stage.alice.run("relay_check", ["--check", stage.url], { env });
      const passed = await check(stage.env);
      assertSuccess(passed);
      assertStringIncludes(
        passed.stderr,
        "name, connection, TLS and upgrade to a WebSocket",
      );
      assertStringIncludes(passed.stderr, "knows topics");
      const { hub } = stage.relay.server;
      await until("the room to close", () => hub.roomCount === 0);
      const unknown = "its certificate comes from an authority";
      const { host } = new URL(stage.url);
      const unreachable = (why: string) =>
        `Cannot reach the relay ${host}: ${why}`;
      assertFailure(
        await check({}),
        "RELAY_UNREACHABLE",
        unreachable(unknown),
        "DENO_CERT",
      );
      await stage.relay[Symbol.asyncDispose]();
      assertFailure(
        await check(stage.env),
        "RELAY_UNREACHABLE",
        unreachable("its address answers 502 Bad Gateway"),
        "down or starting",
      );
    },
  });
}

Deno.test({
  name: "relay --check goes through HTTPS_PROXY",
  ...needing("nginx", "openssl"),
  fn: async () => {
    await using proxy = new ConnectProxy();
    await using stage = await Stage.set("nginx");
    const env = { ...stage.env, HTTPS_PROXY: `http://${proxy.address}` };
    const args = ["--check", stage.url];
    assertSuccess(await stage.alice.run("relay_check", args, { env }));
    const { host } = new URL(stage.url);
    // Sender, receiver, topics and drops.
    assertEquals(proxy.asked, [host, host, host, host]);
  },
});
