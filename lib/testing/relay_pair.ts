/**
 * Kit for tests of channels through a relay: a pair of them, which closes its relay too.
 *
 * @module
 */

import { startLocalRelay } from "../../relay/testing/local_relay.ts";
import type { Channel } from "../transports/channel.ts";
import { joinRoom } from "../transports/relay/receiver_room.ts";
import { SenderRoom } from "../transports/relay/sender_room.ts";
import { random as fillRandom } from "./protocol.ts";

/** Two ends of a room on our own relay, the sender's first. */
export async function connectRelay(): Promise<[Channel, Channel]> {
  return await connectThrough(await startLocalRelay());
}

/**
 * Two ends of a room on `relay`, the sender's first. The relay closes when both ends have been
 * disposed of.
 */
export async function connectThrough(
  relay: { url: string } & AsyncDisposable,
): Promise<[Channel, Channel]> {
  const { signal } = new AbortController();
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
