/**
 * The yardstick for two instances of the relay over Deno KV: two servers that pass the messages of
 * one client to the other as values in KV, and do nothing else. They fill no blocks, set no timers
 * and notice no end; what the second client sends does not go through KV.
 *
 * Usage: `relay_bare_kv.ts PATH`; prints `port N and M`. A client of the first server and a
 * client of the second that ask for the same path are a pair. No message may be longer than 64 KiB.
 *
 * @module
 */

import type { ServerWebSocket } from "ws/typed";
import { serveWebSockets } from "./websocket_server.ts";

/** The same limits as in `relay/kv/` and `relay/rooms/clients/client_wire.ts`. */
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;
/** KV takes no larger value. */
const MAX_MESSAGE_BYTES = 64 * 1024;
const MESSAGES_PER_COMMIT = 12;
const MAX_UNREAD = 64;
const ACKNOWLEDGED = 16;
const KEEP = { expireIn: 120_000 };

const kv = await Deno.openKv(Deno.args[0]);

/** Runs `work` while there is `more` to do, one run after another. */
function worker(more: () => boolean, work: () => Promise<void>): () => void {
  let isRunning = false;
  return async () => {
    if (isRunning) return;
    isRunning = true;
    while (more()) await work();
    isRunning = false;
  };
}

async function watch(
  key: Deno.KvKey,
  take: (count: number) => void,
): Promise<void> {
  for await (const [{ value }] of kv.watch<[number]>([key])) take(value ?? 0);
}

/** Passes what `from` sends to `to`, and what `to` sends back without KV. */
function pass(from: ServerWebSocket, to: ServerWebSocket): void {
  const id = crypto.randomUUID();
  const block = (index: number) => ["block", id, index];
  const queue: Uint8Array[] = [];
  let [queuedBytes, wrote, acknowledged] = [0, 0, 0];
  let isPaused = false;
  const write = worker(
    () => queue.length > 0 && wrote - acknowledged < MAX_UNREAD,
    async () => {
      const atomic = kv.atomic();
      const free = MAX_UNREAD - (wrote - acknowledged);
      for (const data of queue.splice(0, Math.min(MESSAGES_PER_COMMIT, free))) {
        atomic.set(block(wrote++), data, KEEP);
        queuedBytes -= data.length;
      }
      if (isPaused && queuedBytes <= LOW_WATER_BYTES) {
        isPaused = false;
        from.resume();
      }
      await atomic.set(["wrote", id], wrote, KEEP).commit();
    },
  );
  from.on("message", (data) => {
    queue.push(data);
    queuedBytes += data.length;
    if (!isPaused && queuedBytes > HIGH_WATER_BYTES) {
      isPaused = true;
      from.pause();
    }
    write();
  });
  to.on("message", (data) => from.send(data, { binary: true }));

  let [written, read, deleted] = [0, 0, 0];
  const acknowledge = worker(
    () => read - deleted >= ACKNOWLEDGED,
    async () => {
      const atomic = kv.atomic().set(["read", id], read, KEEP);
      while (deleted < read) atomic.delete(block(deleted++));
      await atomic.commit();
    },
  );
  const take = worker(() => read < written, async () => {
    const limit = Math.min(MESSAGES_PER_COMMIT, written - read);
    const range = { start: block(read), end: block(read + limit) };
    const options = { limit, batchSize: limit };
    for await (const { value } of kv.list<Uint8Array>(range, options)) {
      to.send(value, { binary: true });
    }
    read += limit;
    acknowledge();
  });
  void watch(["wrote", id], (count) => {
    written = count;
    take();
  });
  void watch(["read", id], (count) => {
    acknowledged = count;
    write();
  });
}

/** Clients that wait for the other of their pair, by path. */
const waiting = new Map<string, ServerWebSocket>();

/** Starts a server and returns its port. */
function serve(isFirst: boolean): Promise<number> {
  return serveWebSockets(MAX_MESSAGE_BYTES, (path, one) => {
    const other = waiting.get(path);
    if (other === undefined) return void waiting.set(path, one);
    waiting.delete(path);
    if (isFirst) pass(one, other);
    else pass(other, one);
  });
}

console.log(`port ${await serve(true)} and ${await serve(false)}`);
