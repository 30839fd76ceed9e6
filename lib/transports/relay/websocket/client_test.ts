import { assert, assertEquals, assertRejects } from "@std/assert";
import { OPCODES } from "../../../../relay/testing/raw_client.ts";
import { type RawPeer, RawRelay } from "../../../../tests/support/raw_relay.ts";
import { ViolationError, WebSocketClient } from "./client.ts";
import { MAX_MESSAGE_BYTES } from "./message.ts";
import { OpeningError } from "./steps.ts";

const { signal } = new AbortController();
const anything = () => Infinity;

/** A client of a server that sends this. */
async function open(
  send: (peer: RawPeer) => Promise<void>,
): Promise<[WebSocketClient, AsyncDisposable]> {
  const relay = new RawRelay(send);
  const client = await WebSocketClient.open(new URL(relay.url), {
    proxy: null,
    signal,
  });
  await client.write("go");
  return [client, relay];
}

const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("read() joins fragments, whatever comes between them and in whatever pieces", async () => {
  const [client, relay] = await open(async (peer) => {
    const more = { isFinal: false };
    await peer.frame(OPCODES.text, "Gr", more);
    await peer.frame(OPCODES.ping, "still there?");
    // Half a letter.
    await peer.frame(OPCODES.more, utf8("ü").subarray(0, 1), more);
    await peer.frame(OPCODES.more, "", more);
    await peer.frame(OPCODES.more, utf8("ü").subarray(1), more);
    await peer.frame(OPCODES.more, "ße");
    for (const byte of [0x82, 3, 1, 2, 3, 0x82, 0]) {
      await peer.write(Uint8Array.of(byte));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await peer.frame(OPCODES.binary, new Uint8Array(300_000).fill(7));
    await peer.frame(OPCODES.binary, new Uint8Array(11), more);
    await peer.frame(OPCODES.more, "x");
    await peer.frame(OPCODES.close, Uint8Array.of(1009 >> 8, 1009 & 0xff));
  });
  await using _relay = relay;
  assertEquals(await client.read(anything), "Grüße");
  assertEquals(await client.read(anything), Uint8Array.of(1, 2, 3));
  assertEquals(await client.read(anything), new Uint8Array(0));
  const large = await client.read(anything);
  assertEquals(large, new Uint8Array(300_000).fill(7));
  assertEquals(await client.read(() => 11), { droppedBytes: 12 });
  assertEquals(await client.read(anything), { closeCode: 1009 });
  await client.finish(1000);
});

for (
  const [what, ...frames] of [
    ["more of nothing", [OPCODES.more, "x", true]],
    ["a message in a message", [OPCODES.text, "x", false], [
      OPCODES.text,
      "x",
      true,
    ]],
    ["text that is not UTF-8", [OPCODES.text, Uint8Array.of(0xff), true]],
  ] as [string, ...[number, string | Uint8Array, boolean][]][]
) {
  Deno.test(`read() refuses ${what}`, async () => {
    const [client, relay] = await open(async (peer) => {
      for (const [opcode, payload, isFinal] of frames) {
        await peer.frame(opcode, payload, { isFinal });
      }
    });
    await using _relay = relay;
    await assertRejects(() => client.read(anything), ViolationError);
    await client.finish(1000);
  });
}

for (const [extra, isRefused] of [[0, false], [1, true]] as const) {
  Deno.test(`read() takes a message of ${MAX_MESSAGE_BYTES + extra} bytes in two fragments: ${!isRefused}`, async () => {
    const [client, relay] = await open(async (peer) => {
      const first = new Uint8Array(MAX_MESSAGE_BYTES - 1);
      await peer.frame(OPCODES.binary, first, { isFinal: false });
      await peer.frame(OPCODES.more, new Uint8Array(1 + extra));
    });
    await using _relay = relay;
    const reading = client.read(anything);
    if (isRefused) await assertRejects(() => reading, ViolationError);
    else {
      const message = await reading;
      assertEquals((message as Uint8Array).length, MAX_MESSAGE_BYTES);
    }
    await client.finish(1000);
  });
}

Deno.test("read() gives other work a turn, among small frames that have all arrived", async () => {
  const count = 20_000;
  const [client, relay] = await open((peer) =>
    peer.write(new Uint8Array(2 * count).map((_, i) => i % 2 ? 0 : 0x82))
  );
  await using _relay = relay;
  let longest = 0;
  let inARow = 0;
  const turns = setInterval(() => inARow = 0, 0);
  for (let i = 0; i < count; i++) {
    assertEquals(await client.read(anything), new Uint8Array(0));
    longest = Math.max(longest, ++inARow);
  }
  clearInterval(turns);
  assert(longest < 2_000, `${longest} frames in a row`);
  await client.finish(1000);
});

Deno.test("read() tells a connection that was cut from one that was closed", async () => {
  const [client, relay] = await open((peer) => peer.frame(OPCODES.ping, ""));
  const reading = client.read(anything);
  await relay[Symbol.asyncDispose]();
  const end = await reading.catch(() => "an error of the network");
  if (typeof end !== "string") assertEquals(end, { closeCode: 1006 });
  await client.finish(1000);
});

Deno.test("open() closes a connection whose name can have no certificate", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const proxied = listener.accept();
  const opening = WebSocketClient.open(new URL("wss://a..b/"), {
    proxy: `http://127.0.0.1:${listener.addr.port}`,
    signal,
  });
  using proxy = await proxied;
  const buffer = new Uint8Array(4096);
  await proxy.read(buffer);
  await proxy.write(utf8("HTTP/1.1 200 Connected\r\n\r\n"));
  await assertRejects(() => opening, OpeningError);
  assertEquals(await proxy.read(buffer), null);
  listener.close();
});
