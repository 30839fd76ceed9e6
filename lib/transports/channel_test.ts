import type { Channel } from "./channel.ts";
import { testChannel } from "../testing/channel_suite.ts";
import { connectMemory } from "../testing/memory_channel.ts";
import { connectThrough } from "../testing/relay_pair.ts";
import { startLocalRelay } from "../../relay/testing/local_relay.ts";
import { PlainRelay } from "../../tests/support/plain_relay.ts";
import { connectTcp, listenTcp } from "./tcp.ts";

testChannel("memory channel", () => Promise.resolve(connectMemory()));
testChannel("TCP channel over IPv4", () => connectOver("127.0.0.1"));
testChannel("TCP channel over IPv6", () => connectOver("::1"));
for (
  const [name, start, takesAll] of [
    ["relay channel", startLocalRelay, false],
    ["plain relay channel", PlainRelay.start, true],
  ] as const
) {
  testChannel(`${name}, its sender first`, async () => {
    const [sender, receiver] = await connectThrough(await start());
    return [sender, receiver];
  }, { takesAll });
  testChannel(`${name}, its receiver first`, async () => {
    const [sender, receiver] = await connectThrough(await start());
    return [receiver, sender];
  }, { takesAll });
}

async function connectOver(hostname: string): Promise<[Channel, Channel]> {
  using listener = listenTcp({ port: 0, hostname });
  const accepting = listener[Symbol.asyncIterator]().next();
  const client = await connectTcp([{ hostname, port: listener.port }], {
    timeoutMs: 5_000,
    signal: new AbortController().signal,
  });
  return [client, (await accepting).value];
}
