/**
 * A program that answers through a relay as soon as something large has come, many times, and
 * prints how often the answer did not leave at once.
 *
 * Usage: `deno run --allow-net _answers.ts URL`
 *
 * @module
 */

import { assert } from "@std/assert";
import type { Bytes } from "../../lib/bytes.ts";
import { RelaySocket } from "../../lib/transports/relay/socket.ts";

const ROUNDS = 60;
const LARGE_BYTES = 256 * 1024;
const ANSWER_BYTES = 32 * 1024;

/** Time, in milliseconds, after which an answer counts as held back. */
const PATIENCE_MS = 1_000;

/** Most tries to connect. */
const MAX_TRIES = 5;

/** The next message of the peer; the words of the relay are passed over. */
async function nextFrame(socket: RelaySocket): Promise<Bytes> {
  for (;;) {
    const incoming = await socket.receive();
    assert(incoming !== null, "the relay has closed");
    if ("frame" in incoming) return incoming.frame;
  }
}

/** Whether `answer` comes in time. */
async function comesInTime(answer: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), PATIENCE_MS);
  const came = await Promise.race([answer.then(() => true), promise]);
  clearTimeout(timer);
  return came;
}

/** Connects; on a busy machine a front may cut the first handshakes. */
async function open(url: string): Promise<RelaySocket> {
  const { signal } = new AbortController();
  for (let tries = 1;; tries++) {
    try {
      const socket = await RelaySocket.open({ url }, signal);
      socket.wantedBytes = () => LARGE_BYTES;
      return socket;
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 * tries));
    }
  }
}

const [url = ""] = Deno.args;
await using sender = await open(url);
await sender.say({ type: "CREATE_ROOM", protocol: 2 });
const created = await sender.answer();
assert(created !== null && "word" in created);
assert(created.word.type === "ROOM_CREATED");
await using receiver = await open(url);
const { room_id } = created.word;
await receiver.say({ type: "JOIN_ROOM", room_id, protocol: 2 });
await receiver.answer();

let held = 0;
for (let round = 0; round < ROUNDS; round++) {
  const answer = nextFrame(receiver);
  const sending = (async () => {
    for (let i = 0; i < 4; i++) {
      await receiver.send([new Uint8Array(LARGE_BYTES)]);
    }
  })();
  for (let i = 0; i < 4; i++) await nextFrame(sender);
  await sending;
  await sender.send([new Uint8Array(ANSWER_BYTES)]);
  if (await comesInTime(answer)) continue;
  held++;
  await sender.say({ type: "PING" });
  await answer;
}
console.log(`${held} of ${ROUNDS} held back`);
