/**
 * Measures Claude Spread beside other tools, on this machine alone.
 *
 * Usage: `deno task bench [handover|crowd|relay|drops|sessions|work|bulk] [--only=NAME,…] [--runs=N] [--rooms=N]`;
 * all benchmarks and all tools by default. Ends within ten minutes: when time runs out, it skips
 * the remaining rounds.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { bareLoop } from "./bare_loop.ts";
import { benchBulk } from "./bulk.ts";
import { canConfine, CONFINED_FLAG, runConfined } from "./confine.ts";
import { benchCrowd } from "./crowd.ts";
import { benchDropHandover } from "./drop_handover.ts";
import { benchHandover, writeDocument } from "./handover.ts";
import { BY_NAME, ENTRY_POINTS } from "./ours.ts";
import { ALLOCATOR } from "./deno_run.ts";
import { endAllProcesses } from "./process.ts";
import { benchRelay } from "./relay.ts";
import { benchDrops } from "./relay_drops.ts";
import { RELAY_ENTRY_POINTS } from "./relay_targets.ts";
import { benchSessions, SESSION_ENTRY_POINTS } from "./sessions.ts";
import { findTools } from "./tools_here.ts";
import type { Tool } from "./tool.ts";
import { benchWork, WORK_ENTRY_POINTS } from "./work.ts";

const NAMES = [
  "handover",
  "crowd",
  "relay",
  "drops",
  "sessions",
  "work",
  "bulk",
];

const USAGE =
  "Usage: deno task bench [handover|crowd|relay|drops|sessions|work|bulk] [--only=NAME,…] [--runs=N] [--rooms=N]";

const HANDOVER_ROUNDS = 20;
const SESSION_ROUNDS = 5;
const WORK_ROUNDS = 7;
const DROP_ROUNDS = 3;
/** Drops that a relay keeps. */
const KEPT_DROPS = [0, 10_000];
/** Rounds by size in MiB. */
const BULK_ROUNDS: [sizeMib: number, rounds: number][] = [[256, 5], [1024, 3]];

/** Rooms that wait on the relay, and the maximum: each takes a port of one address. */
const ROOMS = 10_000;
const MAX_ROOMS = 25_000;

/** Time after which no further round begins, in milliseconds from the start. */
const LAST_ROUND_MS = 8 * 60_000;

/** The same for the relay, so that the later benchmarks get their turn. */
const LAST_RELAY_ROUND_MS = 6 * 60_000;

const READING = `
Tools took turns on one machine over loopback; sender and receiver share its cores. Absolute
figures move from day to day and from machine to machine: compare within one table. Every
received file was compared with the one sent. MB is 10^6 bytes; peak is resident memory.`;

/** The command line. */
interface Request {
  readonly names: readonly string[];
  /** Names of tools; empty for all. */
  readonly only: readonly string[];
  readonly rounds: number | null;
  readonly rooms: number;
}

async function bench(request: Request, scratch: string): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const denoDir = (await denoInfo()).denoDir;
  const { tools, notes } = await findTools(scratch, denoDir, stack);
  console.log(facts(notes));
  const chosen = tools.filter(({ name }) =>
    request.only.length === 0 || request.only.includes(name)
  );
  const common = { scratch, deadlineMs: LAST_ROUND_MS };
  if (request.names.includes("handover")) {
    const rounds = request.rounds ?? HANDOVER_ROUNDS;
    const options = { ...common, rounds, warmUpRounds: 1 };
    console.log(await benchHandover(chosen, options) + "\n");
  }
  const byName = tools.find(({ name }) => name === BY_NAME);
  if (request.names.includes("crowd") && byName !== undefined) {
    const rounds = request.rounds ?? HANDOVER_ROUNDS;
    const options = { ...common, rounds, warmUpRounds: 1 };
    const sample = await writeDocument(`${scratch}/crowd.md`);
    console.log(await benchCrowd(byName, sample, options) + "\n");
  }
  if (request.names.includes("relay")) {
    const common = { scratch, denoDir, deadlineMs: LAST_RELAY_ROUND_MS };
    await benchRelay(request, common, (table) => console.log(table + "\n"));
  }
  if (request.names.includes("drops")) {
    const rounds = request.rounds ?? DROP_ROUNDS;
    const options = { ...common, denoDir, rounds, warmUpRounds: 0 };
    console.log(await benchDrops(KEPT_DROPS, options) + "\n");
    const many = request.rounds ?? HANDOVER_ROUNDS;
    const handing = { ...options, rounds: many, warmUpRounds: 1 };
    console.log(await benchDropHandover(handing) + "\n");
  }
  if (request.names.includes("sessions")) {
    const rounds = request.rounds ?? SESSION_ROUNDS;
    const options = { ...common, rounds, warmUpRounds: 0 };
    console.log(await benchSessions(denoDir, options) + "\n");
  }
  if (request.names.includes("work")) {
    const rounds = request.rounds ?? WORK_ROUNDS;
    const options = { ...common, denoDir, rounds, warmUpRounds: 1 };
    console.log(await benchWork(options) + "\n");
  }
  if (!request.names.includes("bulk")) return;
  const yardstick = bareLoop("bare loop", denoDir);
  const env = ALLOCATOR;
  const tuned = [
    bareLoop("bare loop, our allocator", denoDir, { env }),
    bareLoop("the same, file to file", denoDir, { env, withFiles: true }),
  ];
  for (const [sizeMib, usual] of BULK_ROUNDS) {
    const able = chosen.filter((tool) => canHold(tool, sizeMib));
    const rounds = request.rounds ?? usual;
    const options = { ...common, rounds, warmUpRounds: 0 };
    console.log(
      await benchBulk([...able, ...tuned], yardstick, sizeMib, options) + "\n",
    );
  }
}

function canHold(tool: Tool, sizeMib: number): boolean {
  return tool.maxBytes >= sizeMib * 1024 * 1024;
}

function facts(notes: string[]): string {
  const { os, arch } = Deno.build;
  const memoryGb = (Deno.systemMemoryInfo().total / 1e9).toFixed(0);
  const machine =
    `${navigator.hardwareConcurrency} cores, ${memoryGb} GB, ${os} ${arch}`;
  return [`${machine}, Deno ${Deno.version.deno}`, ...notes, READING, ""].join(
    "\n",
  );
}

async function denoInfo(): Promise<{ denoDir: string }> {
  const args = ["info", "--json"];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/**
 * Runs `work` with a temporary folder, and always removes the folder afterwards.
 *
 * @returns The exit code: 130 when a signal interrupted it.
 */
async function withScratch(
  work: (scratch: string) => Promise<void>,
): Promise<number> {
  const scratch = await Deno.makeTempDir({ prefix: "claude-spread-bench-" });
  let interrupted = false;
  // The measured processes end, so the current run fails, and `work` with it.
  const stop = () => {
    interrupted = true;
    void endAllProcesses();
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  try {
    await work(scratch);
  } catch (error) {
    if (!interrupted) throw error;
  } finally {
    await endAllProcesses();
    await Deno.remove(scratch, { recursive: true });
  }
  return interrupted ? 130 : 0;
}

function readRequest(args: string[]): Request {
  const unknown: string[] = [];
  const { _: names, only = "", runs, rooms = ROOMS } = parseArgs(args, {
    string: ["only", "runs", "rooms"],
    unknown: (arg, key) => key === undefined || unknown.push(arg),
  });
  const rounds = runs === undefined ? null : Number(runs);
  const wrong = unknown.length > 0 ||
    names.some((name) => !NAMES.includes(String(name))) ||
    (rounds !== null && !(Number.isInteger(rounds) && rounds > 0)) ||
    !(Number.isInteger(Number(rooms)) && Number(rooms) > 0 &&
      Number(rooms) <= MAX_ROOMS);
  if (wrong) {
    console.error(USAGE);
    Deno.exit(2);
  }
  return {
    names: names.length === 0 ? NAMES : names.map(String),
    only: String(only).split(",").filter((name) => name !== ""),
    rounds,
    rooms: Number(rooms),
  };
}

if (import.meta.main) {
  const args = Deno.args.filter((arg) => arg !== CONFINED_FLAG);
  const request = readRequest(args);
  if (!Deno.args.includes(CONFINED_FLAG) && await canConfine()) {
    // Modules are downloaded now: the namespace has no network.
    await new Deno.Command(Deno.execPath(), {
      args: [
        "cache",
        "--quiet",
        ...ENTRY_POINTS,
        ...RELAY_ENTRY_POINTS,
        ...SESSION_ENTRY_POINTS,
        ...WORK_ENTRY_POINTS,
      ],
    }).spawn().status;
    Deno.exit(await runConfined(import.meta.filename!, args));
  }
  Deno.exit(await withScratch((scratch) => bench(request, scratch)));
}
