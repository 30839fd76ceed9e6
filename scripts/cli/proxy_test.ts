import { assertEquals } from "@std/assert";
import { proxyFor } from "./proxy.ts";

const ALL = { HTTPS_PROXY: "http://s", HTTP_PROXY: "http://h" };

for (
  const [url, env, proxy] of [
    ["wss://relay.example", {}, undefined],
    ["wss://relay.example", ALL, "http://s"],
    ["ws://relay.example", ALL, "http://h"],
    ["wss://relay.example", { https_proxy: "http://s" }, "http://s"],
    ["wss://relay.example", { ALL_PROXY: "http://a", ...ALL }, "http://s"],
    ["ws://relay.example", { ALL_PROXY: "http://a" }, "http://a"],
    ["wss://relay.example", { HTTPS_PROXY: "" }, undefined],
    ["wss://relay.example", { ...ALL, NO_PROXY: "a.b, Example" }, undefined],
    ["wss://relay.example", { ...ALL, NO_PROXY: ".example" }, undefined],
    ["wss://relay.example", { ...ALL, NO_PROXY: "ay.example" }, "http://s"],
    ["wss://relay.example", { ...ALL, NO_PROXY: "*" }, undefined],
    ["wss://relay.example", { ...ALL, no_proxy: "relay.example" }, undefined],
    ["wss://10.1.2.3", { ...ALL, NO_PROXY: "*" }, undefined],
    ["wss://10.1.2.3", { ...ALL, NO_PROXY: "10.0.0.0/8" }, undefined],
    ["wss://10.1.2.3", { ...ALL, NO_PROXY: "10.1.2.3" }, undefined],
    [
      "wss://10.1.2.3",
      { ...ALL, NO_PROXY: "10.1.2.4,10.0.0.0/99" },
      "http://s",
    ],
    ["wss://10.1.2.3", { ...ALL, NO_PROXY: "10.0.0.0/-1" }, "http://s"],
    ["wss://10.1.2.3", { ...ALL, NO_PROXY: "10.0.0.0/" }, "http://s"],
    ["wss://[fd00::1]:9", { ...ALL, NO_PROXY: "fd00::/8" }, undefined],
    [
      "wss://[fd00::1]:9",
      { ...ALL, NO_PROXY: "fe80::/10,10.0.0.0/8" },
      "http://s",
    ],
  ] as [string, Record<string, string>, string | undefined][]
) {
  Deno.test(`proxyFor() goes to ${url} by ${proxy ?? "no proxy"} with ${JSON.stringify(env)}`, async () => {
    assertEquals(await proxyFor(url, (name) => env[name]), proxy);
  });
}
