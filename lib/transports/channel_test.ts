import type { Channel } from "./channel.ts";
import { testChannel } from "./channel_suite.ts";
import { connectMemory } from "./memory.ts";
import { connectTcp, listenTcp } from "./tcp.ts";

testChannel("memory channel", () => Promise.resolve(connectMemory()));
testChannel("TCP channel over IPv4", () => connectOver("127.0.0.1"));
testChannel("TCP channel over IPv6", () => connectOver("::1"));

async function connectOver(hostname: string): Promise<[Channel, Channel]> {
  using listener = listenTcp({ port: 0, hostname });
  const accepting = listener[Symbol.asyncIterator]().next();
  const client = await connectTcp([{ hostname, port: listener.port }], {
    timeoutMs: 5_000,
    signal: new AbortController().signal,
  });
  return [client, (await accepting).value];
}
