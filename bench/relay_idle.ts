/**
 * Cost of an idle connection: resident memory of the server per connection, measured with many.
 *
 * Run directly, this module is the clients: `relay_idle.ts SERVER COUNT` opens `COUNT`
 * connections, creates a room with each if the server is a relay, prints `open`, and holds them
 * until it is ended.
 *
 * @module
 */

import { denoRun } from "./deno_run.ts";
import { MeasuredProcess } from "./process.ts";
import { hear, IDLE_PATH, openPeer } from "./relay_raw_peer.ts";
import {
  BARE_TARGETS,
  RELAY_TARGET,
  type RelayOptions,
  type Target,
} from "./relay_targets.ts";
import { cell, median, range, table } from "./report.ts";

/** Connections opened at the same time. */
const AT_ONCE = 64;

/** Buffer size of a client, in bytes: it waits for one message and for pings. */
const BUFFER_BYTES = 2048;

/** Time for a server to settle, in milliseconds. */
const SETTLE_MS = 3000;

/** Share of the connections opened before counting begins, so that code is already compiled. */
const WARM_UP_SHARE = 0.05;

/** Longest life of the clients, in milliseconds. */
const LONGEST_MS = 100_000;

/** Runs the benchmark and returns its table. */
export async function benchIdle(
  rooms: number,
  options: RelayOptions,
): Promise<string> {
  const targets = [RELAY_TARGET, ...BARE_TARGETS];
  const kib = new Map<Target, number[]>(targets.map((target) => [target, []]));
  for (let round = 0; round < options.rounds; round++) {
    if (round > 0 && performance.now() > options.deadlineMs) break;
    for (const target of targets) {
      kib.get(target)!.push(await measure(target, rooms, options));
    }
  }
  const rows = [...kib].map(([{ name }, values]) => [
    name,
    cell(median(values), 1),
    range(values, 1),
    String(values.length),
  ]);
  const heading = [`${rooms} waiting`, "KiB each", "min–max", "runs"];
  return table(heading, rows);
}

async function measure(
  target: Target,
  rooms: number,
  options: RelayOptions,
): Promise<number> {
  const { process, senders } = await target.start(options);
  await using _server = process;
  const warmUp = Math.ceil(rooms * WARM_UP_SHARE);
  await using _first = await connect(senders, warmUp, options);
  const before = process.residentBytes();
  await using _all = await connect(senders, rooms, options);
  return (process.residentBytes() - before) / 1024 / rooms;
}

async function connect(
  server: string,
  count: number,
  { scratch, denoDir }: RelayOptions,
): Promise<MeasuredProcess> {
  const module = import.meta.filename!;
  const args = ["--allow-net=127.0.0.1", module, server, String(count)];
  const clients = new MeasuredProcess(denoRun(args, scratch, denoDir));
  await clients.waitFor(/^open$/m);
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return clients;
}

async function open(server: string, count: number): Promise<void> {
  let left = count;
  const work = async () => {
    while (left-- > 0) await hold(server);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function hold(server: string): Promise<void> {
  const peer = await openPeer(server, IDLE_PATH, BUFFER_BYTES);
  await peer.say({ type: "CREATE_ROOM", protocol: 2 });
  if (server.startsWith("relay:")) await hear(peer, "ROOM_CREATED");
  void peer.unpinged().then(() => Deno.exit(1));
}

if (import.meta.main) {
  setTimeout(() => Deno.exit(1), LONGEST_MS);
  await open(Deno.args[0]!, Number(Deno.args[1]));
  console.log("open");
}
