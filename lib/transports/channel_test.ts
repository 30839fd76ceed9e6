import type { Bytes } from "../bytes.ts";
import type { Channel } from "./channel.ts";
import { testChannel } from "../testing/channel_suite.ts";
import { connectMemory } from "../testing/memory_channel.ts";
import { startLocalRelay } from "../../relay/testing/local_relay.ts";
import { PlainRelay } from "../../tests/support/plain_relay.ts";
import { joinRoom } from "./relay/receiver_room.ts";
import { SenderRoom } from "./relay/sender_room.ts";
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

/** The relay closes when both ends of the channel have closed. */
async function connectThrough(
  relay: { url: string } & AsyncDisposable,
): Promise<[Channel, Channel]> {
  const { signal } = new AbortController();
  const fillRandom = (bytes: Bytes) => crypto.getRandomValues(bytes);
  const room = await SenderRoom.open({
    url: relay.url,
    signal,
    fillRandom,
    events: { lost() {}, found() {}, ended() {} },
  });
  const { roomCode } = room;
  const joining = joinRoom({
    url: relay.url,
    roomCode,
    fillRandom,
    signal,
    timeoutMs: 10_000,
  });
  const { channel: receiver } = await joining;
  // A plain relay announces a receiver only once it has sent something.
  await receiver.send(Uint8Array.of(0));
  const sender: Channel = (await room[Symbol.asyncIterator]().next()).value;
  await sender.receive();
  let open = 2;
  for (const end of [sender, receiver]) {
    const dispose = end[Symbol.asyncDispose].bind(end);
    let closing: Promise<void> | undefined;
    end[Symbol.asyncDispose] = () =>
      closing ??= (async () => {
        await dispose();
        await closeRelay();
      })();
  }
  async function closeRelay() {
    if (--open > 0) return;
    await room[Symbol.asyncDispose]();
    await relay[Symbol.asyncDispose]();
  }
  return [sender, receiver];
}
