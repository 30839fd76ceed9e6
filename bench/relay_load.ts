/**
 * Clients that put a server under load: one process sends, another receives.
 *
 * As between real peers, at most {@linkcode WINDOW_BYTES} of a sender are under way, and the
 * receiver allows more after every {@linkcode GRANT_BYTES}.
 *
 * Usage: `relay_load.ts send SERVER PAIRS BYTES` creates a room for each pair, prints
 * `rooms CODE,…` and sends messages of `BYTES` until it is ended.
 * `relay_load.ts receive SERVER ROOMS MS` joins all of them and prints
 * `{"bytes":…,"ms":…,"total":…}`: the bytes received during about `MS` milliseconds after all
 * were running, the exact time, and the bytes received in total.
 *
 * @module
 */

import { frame, OPCODES, type RawClient } from "../relay/testing/raw_client.ts";
import { joinRoom, openRoom } from "./relay_raw_peer.ts";

const GRANT_BYTES = 1024 * 1024;
const WINDOW_BYTES = 4 * GRANT_BYTES;

/** Time before counting begins, in milliseconds: code gets compiled. */
const WARM_UP_MS = 500;

/** Longest life of a sender, in milliseconds. */
const LONGEST_MS = 60_000;

const GRANT = frame(OPCODES.binary, new Uint8Array(8));

async function send(
  server: string,
  pairs: number,
  bytes: number,
): Promise<void> {
  setTimeout(() => Deno.exit(1), LONGEST_MS);
  const message = frame(OPCODES.binary, new Uint8Array(bytes));
  const opened = await Promise.all(
    Array.from({ length: pairs }, (_, i) => openRoom(server, `pair-${i}`)),
  );
  console.log(`rooms ${opened.map(({ room }) => room).join()}`);
  await Promise.all(opened.map(({ peer }) => pour(peer, message, bytes)));
}

/** Sends as fast as the receiver allows. */
async function pour(
  peer: RawClient,
  message: Uint8Array,
  bytes: number,
): Promise<void> {
  let credit = 0;
  let wake = () => {};
  const listen = async () => {
    for (let next; (next = await peer.unpinged()) !== null;) {
      if (next.opcode === OPCODES.binary) credit += GRANT_BYTES;
      wake();
    }
  };
  void listen();
  for (;;) {
    while (credit < bytes) {
      await new Promise<void>((resolve) => wake = resolve);
    }
    credit -= bytes;
    await peer.write(message);
  }
}

async function receive(
  server: string,
  rooms: string[],
  ms: number,
): Promise<void> {
  const peers = await Promise.all(rooms.map((room) => joinRoom(server, room)));
  let total = 0;
  for (const peer of peers) void drink(peer, (bytes) => total += bytes);
  const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
  await sleep(WARM_UP_MS);
  const [before, start] = [total, performance.now()];
  await sleep(ms);
  const [bytes, took] = [total - before, performance.now() - start];
  console.log(JSON.stringify({ bytes, ms: took, total }));
  Deno.exit(0);
}

async function drink(
  peer: RawClient,
  took: (bytes: number) => void,
): Promise<void> {
  for (let i = 0; i < WINDOW_BYTES / GRANT_BYTES; i++) void peer.write(GRANT);
  let unconfirmed = 0;
  for (let next; (next = await peer.unpinged()) !== null;) {
    if (next.opcode !== OPCODES.binary) continue;
    took(next.bytes);
    unconfirmed += next.bytes;
    if (unconfirmed < GRANT_BYTES) continue;
    unconfirmed -= GRANT_BYTES;
    void peer.write(GRANT);
  }
}

if (import.meta.main) {
  const [role, server, what, number] = Deno.args;
  if (role === "send") await send(server!, Number(what), Number(number));
  else await receive(server!, what!.split(","), Number(number));
}
