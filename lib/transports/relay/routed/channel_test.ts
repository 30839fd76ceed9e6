import { assert } from "@std/assert";
import { OPCODES } from "../../../../relay/testing/raw_client.ts";
import { RawRelay } from "../../../../tests/support/raw_relay.ts";
import { random as fillRandom } from "../../../testing/protocol.ts";
import { unlessAborted } from "../../../waiting.ts";
import { joinRoom } from "../receiver_room.ts";

const ROOM_CODE = "k7m2xq";
const MIB = 1024 * 1024;

// Breaks when the end waits until the relay has taken the closing frame.
Deno.test("RoutedChannel ends within seconds when the relay reads nothing", async () => {
  const joined = JSON.stringify({ type: "ROOM_JOINED", room_id: ROOM_CODE });
  await using relay = new RawRelay((peer) => peer.frame(OPCODES.text, joined));
  const { channel, protocol } = await joinRoom({
    url: relay.url,
    roomCode: ROOM_CODE,
    fillRandom,
    signal: new AbortController().signal,
    timeoutMs: 10_000,
  });
  assert(protocol === null);
  const sending = Array.from({ length: 16 }, () => {
    const sent = channel.send(new Uint8Array(MIB));
    return sent.then(() => true, () => false);
  });
  const ending = channel[Symbol.asyncDispose]();
  await unlessAborted(ending, AbortSignal.timeout(20_000));
  const sent = await Promise.all(sending);
  assert(!sent.at(-1), "the system's buffers took everything");
});
