/**
 * Reaching a relay through the HTTP proxy that HTTPS_PROXY names.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { needing } from "../support/missing.ts";
import { assertFailure, assertSuccess } from "../support/checks.ts";
import { PROGRAMS } from "../support/environment.ts";
import { launch } from "../support/launcher.ts";
import { ConnectProxy } from "./_connect_proxy.ts";
import { freePort } from "./_front.ts";
import { Stage } from "./_stage.ts";

const DOCUMENT = "# Through a proxy\n";

/** Adds these variables to those of every command. */
function set(stage: Stage, env: Record<string, string>): void {
  stage.env = { ...stage.env, ...env };
}

Deno.test({
  name: "serve and receive go through HTTPS_PROXY, with the login in it",
  ...needing("nginx", "openssl"),
  fn: async () => {
    await using proxy = new ConnectProxy(null, "me:se cret");
    await using stage = await Stage.set("nginx");
    set(stage, { HTTPS_PROXY: `http://me:se%20cret@${proxy.address}` });
    const sharing = await stage.share(DOCUMENT);
    const ended = await stage.receive(sharing).ended;
    assertSuccess(ended);
    assertEquals(ended.text, DOCUMENT);
    const { host } = new URL(stage.url);
    assertEquals(proxy.asked, [host, host]);
  },
});

Deno.test({
  name: "serve and receive go around the proxy, where NO_PROXY says so",
  ...needing("nginx", "openssl"),
  fn: async () => {
    await using proxy = new ConnectProxy();
    await using stage = await Stage.set("nginx");
    set(stage, {
      HTTPS_PROXY: `http://${proxy.address}`,
      NO_PROXY: "elsewhere.example, localhost",
    });
    const sharing = await stage.share(DOCUMENT);
    assertSuccess(await stage.receive(sharing).ended);
    assertEquals(proxy.asked, []);
  },
});

Deno.test({
  name: "claude-spread hands the variables of proxy and certificate on",
  ignore: Deno.build.os === "windows" || needing("nginx", "openssl").ignore,
  fn: async () => {
    await using proxy = new ConnectProxy();
    await using stage = await Stage.set("nginx");
    const sharing = await stage.share(DOCUMENT);
    const env = { ...stage.env, HTTPS_PROXY: `http://${proxy.address}` };
    const [command] = sharing.ready.commands as [string];
    const ended = await launch(
      stage.bob,
      ["receive", "--interface", "::1", ...command.split(" ").slice(1)],
      PROGRAMS,
      { env },
    );
    assertEquals([ended.code, ended.stdout], [0, DOCUMENT], ended.stderr);
    assertEquals(proxy.asked, [new URL(stage.url).host]);
  },
});

for (
  const [answer, message, hint] of [
    [
      "407 Proxy Authentication Required",
      "the proxy answers 407 Proxy Authentication Required",
      "Put the login into HTTPS_PROXY",
    ],
    [
      "403 Forbidden",
      "the proxy that HTTPS_PROXY names does not connect to it",
      "to allow CONNECT to",
    ],
    [null, "the connection is refused", "the proxy if HTTPS_PROXY names one"],
  ] as const
) {
  Deno.test({
    name: `serve and receive tell of a proxy that ${
      answer === null ? "is not there" : `answers ${answer}`
    }`,
    ...needing("nginx", "openssl"),
    fn: async () => {
      await using proxy = new ConnectProxy(answer);
      await using stage = await Stage.set("nginx");
      const where = answer === null ? `127.0.0.1:${freePort()}` : proxy.address;
      const env = { ...stage.env, HTTPS_PROXY: `http://${where}` };
      const file = await stage.alice.write("doc.md", DOCUMENT);
      const { host } = new URL(stage.url);
      const ended = await Promise.all([
        stage.alice.run("serve", ["--relay", stage.url, "pass", file], { env }),
        stage.bob.run(
          "receive",
          ["--relay", stage.url, "--room", "k7m2xq", "pass"],
          { env, interface: "::1" },
        ),
      ]);
      for (const each of ended) {
        assertFailure(
          each,
          "RELAY_UNREACHABLE",
          `Cannot reach the relay ${host}: ${message}`,
          hint,
        );
      }
    },
  });
}

Deno.test({
  name: "serve tells by status and name what is answered behind a proxy",
  ...needing("nginx", "openssl"),
  fn: async () => {
    await using proxy = new ConnectProxy();
    await using stage = await Stage.set("nginx", { path: "/relay/" });
    set(stage, { HTTPS_PROXY: `http://${proxy.address}` });
    const file = await stage.alice.write("doc.md", DOCUMENT);
    const url = stage.url.slice(0, -1);
    const args = ["--relay", url, "pass", file];
    assertFailure(
      await stage.alice.run("serve", args, { env: stage.env }),
      "RELAY_UNREACHABLE",
      `Cannot reach the relay ${
        new URL(url).host
      }/relay: its address answers 301 Moved Permanently`,
      `Write a slash at its end: ${url}/`,
    );
    assertEquals(proxy.asked.length, 1);
  },
});
