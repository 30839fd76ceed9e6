/** The wires of both listeners: how they count what waits. */

import { assert, assertEquals } from "@std/assert";
import { PIECE_COST_BYTES } from "../../../lib/bytes.ts";
import { readConfig } from "../../config.ts";
import { Hub } from "../../rooms/hub.ts";
import type { Wire } from "../../rooms/clients/wire.ts";
import { until } from "../../testing/clients.ts";
import { testEnvironment } from "../../testing/environment.ts";
import { RawClient } from "../../testing/raw_client.ts";
import { ConnectionLimits } from "../connection_limits.ts";
import { Front } from "../front.ts";
import { DenoListener } from "./deno_listener.ts";
import { NodeListener } from "./node_listener.ts";

// Breaks when only bytes count: a word of two bytes takes hundreds in memory.
for (const Listener of [NodeListener, DenoListener]) {
  Deno.test(`${Listener.name} counts each message that waits until it is taken`, async () => {
    const settings = readConfig(() => undefined);
    const config = { ...settings, host: "127.0.0.1", port: 0 };
    const environment = testEnvironment();
    const hub = new Hub(config, "secret", environment);
    const limits = new ConnectionLimits(config, environment.countFreeFiles);
    const wires: Wire[] = [];
    let isClosed = false;
    const listener = new Listener({
      config,
      front: new Front(config, environment, hub, limits),
      limits,
      log: environment.log,
      connect: (wire) => {
        wires.push(wire);
        return {
          message: () => {},
          alive: () => {},
          closed: () => isClosed = true,
        };
      },
    });
    const { port } = await listener.listen();
    const client = await RawClient.open(`ws://127.0.0.1:${port}`);
    await until(() => wires.length > 0, "connection");
    const [wire] = wires;
    let taken = 0;
    for (let i = 0; i < 100; i++) {
      wire!.send(new Uint8Array(0), false);
      wire!.send("x", true, () => taken++);
    }
    const held = wire!.bufferedBytes;
    assert(held >= 200 * PIECE_COST_BYTES, `${held} bytes`);
    await until(() => wire!.bufferedBytes === 0, "all of it taken");
    assertEquals(taken, 100);
    client.close();
    await until(() => isClosed, "end of the connection");
    await listener.end();
  });
}
