import { testEnvironment } from "../../testing/environment.ts";
import { assertEquals } from "@std/assert";
import { until } from "../../testing/clients.ts";
import { OPCODES, RawClient } from "../../testing/raw_client.ts";
import { readConfig } from "../../config.ts";
import { DenoListener } from "./deno_listener.ts";
import { ConnectionLimits } from "../connection_limits.ts";
import { Front } from "../front.ts";
import { Hub } from "../../rooms/hub.ts";
import type { Wire } from "../../rooms/clients/wire.ts";

/** A listener whose one client belongs to the test instead of a hub. */
async function listen(maxBufferedBytes: number) {
  const config = {
    ...readConfig(() => undefined),
    host: "127.0.0.1",
    port: 0,
    maxBufferedBytes,
  };
  const environment = testEnvironment();
  const told = { bytes: 0, closed: [] as boolean[] };
  let wire: Wire | null = null;
  const hub = new Hub(config, "secret", environment);
  const limits = new ConnectionLimits(config, environment.countFreeFiles);
  const listener = new DenoListener({
    config,
    front: new Front(config, environment, hub, limits),
    limits,
    log: environment.log,
    connect: (connected) => {
      wire = connected;
      return {
        message: ({ length }) => told.bytes += length,
        alive: () => {},
        closed: (clean) => told.closed.push(clean),
      };
    },
  });
  const { port } = await listener.listen();
  const client = await RawClient.open(`ws://127.0.0.1:${port}`);
  await until(() => wire !== null, "connection");
  return {
    client,
    told,
    wire: wire!,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await listener.end();
      await until(() => told.closed.length > 0, "end of the connection");
    },
  };
}

Deno.test("DenoListener ends a client that sends on while it is not to be read", async () => {
  await using stage = await listen(1000);
  const { client, told, wire } = stage;
  const send = () => client.send(OPCODES.binary, new Uint8Array(400));
  const hasCome = (bytes: number) => until(() => told.bytes === bytes);
  wire.pause();
  await send();
  await send();
  await hasCome(800);
  wire.resume();
  wire.pause();
  await send();
  await send();
  await hasCome(1600);
  assertEquals(told.closed, []);
  await send();
  assertEquals((await client.next())?.opcode, OPCODES.close);
  assertEquals(told, { bytes: 1600, closed: [false] });
});

Deno.test("DenoListener closes once everything is sent", async () => {
  await using stage = await listen(1000);
  const { client, told, wire } = stage;
  for (let i = 0; i < 128; i++) wire.send(new Uint8Array(65_536), false);
  wire.close();
  // Messages that arrive meanwhile do not cut the closing short.
  await client.send(OPCODES.binary, "still here");
  await until(() => told.bytes > 0);
  let bytes = 0;
  for (;;) {
    const { opcode, payload } = (await client.next())!;
    if (opcode === OPCODES.close) break;
    bytes += payload.length;
  }
  assertEquals(bytes, 128 * 65_536);
});

// Breaks when one that takes nothing stays for as long as it likes.
Deno.test("DenoListener ends a client that is dismissed, takes nothing and sends on", async () => {
  await using stage = await listen(1000);
  const { client, told, wire } = stage;
  for (let i = 0; i < 1024; i++) wire.send(new Uint8Array(65_536), false);
  wire.close();
  for (let i = 0; i < 3; i++) {
    await client.send(OPCODES.binary, new Uint8Array(400));
  }
  await until(() => told.closed.length > 0, "end of the connection");
  assertEquals(told, { bytes: 800, closed: [false] });
  while ((await client.next())?.opcode !== OPCODES.close);
});

// Breaks when any number passes: `bufferedAmount` does not count those that wait for a peer.
Deno.test("DenoListener ends a client that sends more than a thousand empty messages", async () => {
  await using stage = await listen(1000);
  const { client, told } = stage;
  for (let i = 0; i < 500; i++) {
    await client.send(OPCODES.binary, "");
    await client.send(OPCODES.text, "");
  }
  await client.send(OPCODES.binary, "x");
  await until(() => told.bytes === 1, "what follows them");
  await client.send(OPCODES.binary, "");
  assertEquals((await client.next())?.opcode, OPCODES.close);
  assertEquals(told, { bytes: 1, closed: [false] });
});
