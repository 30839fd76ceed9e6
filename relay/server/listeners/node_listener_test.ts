/** `NodeListener`: its own faults. */

import { assertEquals, assertRejects } from "@std/assert";
import { readConfig } from "../../config.ts";
import { Hub } from "../../rooms/hub.ts";
import { testEnvironment } from "../../testing/environment.ts";
import { ConnectionLimits } from "../connection_limits.ts";
import { Front } from "../front.ts";
import type { HttpAnswer, HttpRequest } from "../http.ts";
import { NodeListener } from "./node_listener.ts";

/** A front that fails at one address. */
class FaultyFront extends Front {
  override answer(request: HttpRequest): Promise<HttpAnswer> {
    if (request.target !== "/fault") return super.answer(request);
    return Promise.reject(new TypeError("a fault"));
  }
}

Deno.test("NodeListener cuts a connection whose answer fails, and goes on", async () => {
  const settings = readConfig(() => undefined);
  const config = { ...settings, host: "127.0.0.1", port: 0 };
  const log: Record<string, unknown>[] = [];
  const environment = testEnvironment((line) => log.push(line));
  const hub = new Hub(config, "secret", environment);
  const limits = new ConnectionLimits(config, environment.countFreeFiles);
  const front = new FaultyFront(config, environment, hub, limits);
  const { log: write } = environment;
  const listener = new NodeListener({
    config,
    front,
    limits,
    log: write,
    connect: (wire) => hub.connect(wire),
  });
  const { port } = await listener.listen();
  using client = Deno.createHttpClient({});
  try {
    const url = `http://127.0.0.1:${port}`;
    await assertRejects(() => fetch(`${url}/fault`, { client }), TypeError);
    assertEquals(log, [{ event: "request_failed", reason: "TypeError" }]);
    const health = await fetch(`${url}/health`, { client });
    assertEquals([health.status, (await health.json()).status], [200, "ok"]);
  } finally {
    await listener.end();
  }
});
