/**
 * Delay of a small message while many pairs talk at a moderate rate.
 *
 * The delay is that from sender to receiver through the server. Run directly, this module is the
 * clients, both ends of every pair, so that one clock measures both:
 * `relay_delay.ts SENDERS RECEIVERS PAIRS` prints `{"delaysMs":[…]}`.
 *
 * @module
 */

import { frame, OPCODES } from "../relay/testing/raw_client.ts";
import { denoRun } from "./deno_run.ts";
import { MeasuredProcess } from "./process.ts";
import { joinRoom, openRoom } from "./relay_raw_peer.ts";
import { saturate } from "./relay_throughput.ts";
import {
  type RelayOptions,
  type Running,
  serveInTurn,
  type Target,
} from "./relay_targets.ts";
import { cell, median, table } from "./report.ts";

const MESSAGE_BYTES = 1024;

/** Size of the messages of a saturating pair, in KiB. */
const SATURATING_KIB = 256;

/** Messages that each pair sends per second. */
const PER_SECOND = 20;

const WARM_UP_MS = 1000;
const COUNTED_MS = 2000;

/** Runs the benchmark and returns its table; ratios are to `yardstick`, one of the targets. */
export async function benchDelay(
  targets: readonly Target[],
  yardstick: Target,
  pairs: number,
  options: RelayOptions,
): Promise<string> {
  const runs = await serveInTurn(
    targets,
    options,
    (server) => measure(server, pairs, options),
  );
  const at = (target: Target, part: number) =>
    median(runs.get(target)!.map((delaysMs) => quantile(delaysMs, part)));
  const rows = targets.map((target) => {
    const shown = [0.5, 0.99].flatMap((part) => {
      const ms = at(target, part);
      return [cell(ms, 3), cell(ms / at(yardstick, part), 2)];
    });
    return [target.name, ...shown, String(runs.get(target)!.length)];
  });
  const [title, ratio] = [`${pairs} pairs, 1 KiB`, `× ${yardstick.name}`];
  return table([title, "p50 ms", ratio, "p99 ms", ratio, "runs"], rows);
}

/** Runs the benchmark alone and beside a pair that sends all it can, and returns its table. */
export async function benchFairness(
  targets: readonly Target[],
  pairs: number,
  options: RelayOptions,
): Promise<string> {
  const runs = await serveInTurn(targets, options, async (server) => {
    const aloneMs = await measure(server, pairs, options);
    await using _load = await saturate(server, SATURATING_KIB, options);
    return { aloneMs, besideMs: await measure(server, pairs, options) };
  });
  const rows = targets.map((target) => {
    const results = runs.get(target)!;
    const [alone, beside] = [0, 1].map((which) =>
      median(
        results.map(({ aloneMs, besideMs }) =>
          quantile(which === 0 ? aloneMs : besideMs, 0.99)
        ),
      )
    ) as [number, number];
    return [
      target.name,
      cell(alone, 1),
      cell(beside, 1),
      cell(beside - alone, 1),
      String(results.length),
    ];
  });
  return table([
    `${pairs} pairs, 1 KiB`,
    "p99 ms alone",
    "p99 ms beside a saturating pair",
    "ms more",
    "runs",
  ], rows);
}

export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.floor(part * sorted.length)] ?? NaN;
}

/** Delays in milliseconds, shortest first. */
async function measure(
  { senders, receivers }: Running,
  pairs: number,
  options: RelayOptions,
): Promise<number[]> {
  const module = import.meta.filename!;
  const args = ["--allow-net=127.0.0.1", module, senders, receivers];
  const line = [...args, String(pairs)];
  await using clients = new MeasuredProcess(
    denoRun(line, options.scratch, options.denoDir),
  );
  const { code, stdout, stderr } = await clients.outcome;
  if (code !== 0) throw new Error(`Cannot measure delays: ${stderr}`);
  return JSON.parse(stdout).delaysMs.sort((a: number, b: number) => a - b);
}

async function talk(
  senders: string,
  receivers: string,
  pairs: number,
): Promise<void> {
  const delaysMs: number[] = [];
  const countFromMs = performance.now() + WARM_UP_MS;
  const took = (sentMs: number) => {
    if (sentMs > countFromMs) delaysMs.push(performance.now() - sentMs);
  };
  const says = await Promise.all(
    Array.from({ length: pairs }, (_, i) => meet(senders, receivers, i, took)),
  );
  await sayInTurn(says, countFromMs + COUNTED_MS);
  console.log(JSON.stringify({ delaysMs }));
  Deno.exit(0);
}

/** Connects a pair and returns a function that sends one message through it. */
async function meet(
  senders: string,
  receivers: string,
  index: number,
  took: (sentMs: number) => void,
): Promise<() => void> {
  const { peer: sender, room } = await openRoom(senders, `pair-${index}`);
  const receiver = await joinRoom(receivers, room);
  const listen = async () => {
    for (let next; (next = await receiver.unpinged()) !== null;) {
      if (next.opcode !== OPCODES.binary) continue;
      const { buffer, byteOffset } = next.payload;
      took(new DataView(buffer, byteOffset).getFloat64(0));
    }
  };
  const ignore = async () => {
    while (await sender.unpinged() !== null);
  };
  void Promise.all([listen(), ignore()]);
  return () => {
    const payload = new Uint8Array(MESSAGE_BYTES);
    new DataView(payload.buffer).setFloat64(0, performance.now());
    void sender.write(frame(OPCODES.binary, payload));
  };
}

/** Lets all pairs send in turn, evenly, until a point in time. */
async function sayInTurn(says: (() => void)[], endMs: number): Promise<void> {
  const everyMs = 1000 / PER_SECOND / says.length;
  const startMs = performance.now();
  for (let said = 0; performance.now() < endMs;) {
    for (; startMs + said * everyMs <= performance.now(); said++) {
      says[said % says.length]!();
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

if (import.meta.main) {
  const [senders, receivers, pairs] = Deno.args;
  await talk(senders!, receivers!, Number(pairs));
}
