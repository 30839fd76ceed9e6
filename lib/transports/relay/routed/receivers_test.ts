import { assertEquals } from "@std/assert";
import { type Bytes, concatBytes, utf8 } from "../../../bytes.ts";
import type { RelayMessage } from "../../../relay_messages.ts";
import type { Channel } from "../../channel.ts";
import type { RelaySocket } from "../socket.ts";
import { closingOf, encodeOpening, headOf } from "./frames.ts";
import { RoutedReceivers } from "./receivers.ts";

const FRAME = Uint8Array.of(7);
const route = (n: number) => n.toString(16).padStart(16, "0");

/** Receivers on a connection that only records the messages sent on it. */
class Bench {
  readonly sent: string[] = [];
  readonly channels: Channel[] = [];
  readonly receivers: RoutedReceivers;

  constructor() {
    let count = 0;
    const socket = {
      send: (parts: Uint8Array[]) => {
        this.sent.push(concatBytes(...parts).toHex());
        return Promise.resolve();
      },
    } as unknown as RelaySocket;
    this.receivers = new RoutedReceivers(
      socket,
      () => ++count,
      (channel) => this.channels.push(channel),
    );
  }

  frame(bytes: Bytes): Promise<void> {
    return this.receivers.take({ frame: bytes });
  }

  open(n: number): Promise<void> {
    return this.frame(utf8(encodeOpening(route(n), [FRAME])));
  }

  word(word: RelayMessage): Promise<void> {
    return this.receivers.take({ word });
  }
}

Deno.test("RoutedReceivers takes sixteen receivers, and closes the route of the next until one is let go", async () => {
  const bench = new Bench();
  for (let n = 1; n <= 17; n++) await bench.open(n);
  assertEquals(bench.channels.length, 16);
  assertEquals(bench.sent, [closingOf("sender", route(17)).toHex()]);
  await bench.channels[0]![Symbol.asyncDispose]();
  await bench.open(18);
  assertEquals(bench.channels.length, 17);
});

Deno.test("RoutedReceivers holds sixteen of a flood of HELLOs, though each takes the place of the last", async () => {
  const bench = new Bench();
  for (let i = 0; i < 1000; i++) await bench.frame(utf8('{"type":"HELLO"}'));
  assertEquals(bench.channels.length, 16);
});

Deno.test("RoutedReceivers holds sixteen of a flood, though a forged word says that each has left", async () => {
  const bench = new Bench();
  for (let n = 1; n <= 100; n++) {
    await bench.open(n);
    await bench.word({ type: "PEER_DISCONNECTED", peer_id: `p${n}` });
  }
  assertEquals(bench.channels.length, 16);
});

Deno.test("RoutedReceivers ends a channel when its receiver closes, and answers nothing to one that has left", async () => {
  const bench = new Bench();
  await bench.open(1);
  const [channel] = bench.channels;
  assertEquals(await channel!.receive(), FRAME);
  await bench.frame(closingOf("receiver", route(1)));
  assertEquals(await channel!.receive(), null);
  await channel![Symbol.asyncDispose]();
  assertEquals(bench.sent, []);
});

Deno.test("RoutedReceivers tells a receiver that is let go, and drops what it still says", async () => {
  const bench = new Bench();
  await bench.open(1);
  await bench.channels[0]![Symbol.asyncDispose]();
  assertEquals(bench.sent, [closingOf("sender", route(1)).toHex()]);
  await bench.frame(concatBytes(headOf("receiver", route(1)), FRAME));
  await bench.open(1);
  assertEquals(bench.channels.length, 1);
});

Deno.test("RoutedReceivers lets a second HELLO without a route end the first receiver's channel", async () => {
  const bench = new Bench();
  const hello = utf8('{"type":"HELLO","version":1}');
  await bench.frame(hello);
  await bench.frame(hello);
  const [first, second] = bench.channels;
  assertEquals(await first!.receive(), hello);
  assertEquals(await first!.receive(), null);
  await second!.send(utf8("{}"));
  // A blank, so that a receiver of protocol 2 does not mistake it for an old sender's
  // answer.
  assertEquals(bench.sent, [utf8(" {}").toHex()]);
});

Deno.test("RoutedReceivers names receivers anew on each connection", async () => {
  const bench = new Bench();
  await bench.open(1);
  await bench.open(2);
  const names = bench.channels.map(({ peer }) => peer);
  assertEquals(names, ["peer-1 on the relay", "peer-2 on the relay"]);
});

Deno.test("RoutedReceivers hears who leaves, also after one that left before it was announced", async () => {
  const bench = new Bench();
  await bench.word({ type: "PEER_DISCONNECTED", peer_id: "hasty" });
  await bench.word({ type: "PEER_JOINED", peer_id: "hasty" });
  await bench.word({ type: "PEER_JOINED", peer_id: "other" });
  await bench.open(1);
  await bench.word({ type: "PEER_DISCONNECTED", peer_id: "other" });
  const [channel] = bench.channels;
  assertEquals(await channel!.receive(), FRAME);
  assertEquals(await channel!.receive(), null);
});

Deno.test("RoutedReceivers believes no word of who leaves, while the relay brings several", async () => {
  const bench = new Bench();
  for (const [n, peer_id] of ["a", "b"].entries()) {
    await bench.word({ type: "PEER_JOINED", peer_id });
    await bench.open(n);
  }
  await bench.word({ type: "PEER_DISCONNECTED", peer_id: "a" });
  const [first, second] = bench.channels;
  await first!.receive();
  await bench.frame(concatBytes(headOf("receiver", route(0)), FRAME));
  assertEquals(await first!.receive(), FRAME);
  // Only one receiver is left: later messages are about it.
  await bench.word({ type: "PEER_DISCONNECTED", peer_id: "b" });
  await bench.word({ type: "PEER_JOINED", peer_id: "c" });
  await bench.word({ type: "PEER_DISCONNECTED", peer_id: "c" });
  await second!.receive();
  assertEquals(await second!.receive(), null);
});
