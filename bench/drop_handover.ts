/**
 * Time to leave 1 MB at a relay on this machine, and to take it from there: each the wall time of a
 * whole process, from start to end.
 *
 * @module
 */

import { ENGINE } from "../scripts/cli/commands.ts";
import { flagsWithAnyFile } from "../scripts/cli/grants.ts";
import { ALLOCATOR, denoRun } from "./deno_run.ts";
import { RECEIVER_FLAGS } from "./ours.ts";
import { MeasuredProcess, type Outcome } from "./process.ts";
import { dropTarget, type RelayOptions } from "./relay_targets.ts";
import { cell, median, range, table } from "./report.ts";
import { hashFile } from "./tool.ts";

const BYTES = 1_000_000;

const SCRIPTS = new URL("../scripts/", import.meta.url).pathname;

/** Runs the benchmark and returns its table. */
export async function benchDropHandover(
  options: RelayOptions,
): Promise<string> {
  const { scratch, rounds, warmUpRounds, deadlineMs } = options;
  const file = `${scratch}/dropped.md`;
  const line = "- Decided: keep the frame length at four bytes.\n";
  await Deno.writeTextFile(file, "# Notes\n\n".padEnd(BYTES, line));
  const sha256 = await hashFile(file);
  const store = await Deno.makeTempDir({ dir: scratch });
  const { process, senders } = await dropTarget(store).start(options);
  await using _relay = process;
  const relay = ["--relay", `ws://127.0.0.1:${senders.split(":")[1]}`];
  const left: Outcome[] = [];
  const taken: Outcome[] = [];
  for (let round = -warmUpRounds; round < rounds; round++) {
    if (round > 0 && performance.now() > deadlineMs) break;
    const leaving = await run("serve", options, ["--leave", ...relay, file]);
    const { code } = JSON.parse(
      /^.*"event":"left".*$/m.exec(leaving.stdout)![0],
    );
    const output = `${scratch}/taken-${round}.md`;
    const args = ["--output", output, ...relay, code];
    const taking = await run("receive", options, args);
    if (await hashFile(output) !== sha256) throw new Error("It has changed");
    await Deno.remove(output);
    if (round < 0) continue;
    left.push(leaving);
    taken.push(taking);
  }
  const rows: [string, Outcome[]][] = [
    ["serve --leave", left],
    ["receive", taken],
  ];
  return table(
    ["drop of 1 MB", "median ms", "min–max ms", "peak MB", "runs"],
    rows.map(([name, outcomes]) => {
      const wallMs = outcomes.map(({ wallMs }) => wallMs);
      const peak = median(outcomes.map(({ peakBytes }) => peakBytes ?? NaN));
      return [
        name,
        cell(median(wallMs), 0),
        range(wallMs, 0),
        cell(peak / 1e6, 0),
        String(outcomes.length),
      ];
    }),
  );
}

async function run(
  name: "serve" | "receive",
  { scratch, denoDir }: RelayOptions,
  args: string[],
): Promise<Outcome> {
  const flags = name === "receive" ? RECEIVER_FLAGS : [];
  const how = [ENGINE, ...flags, ...flagsWithAnyFile(name)];
  const line = [...how, `${SCRIPTS}${name}.ts`, "--json", ...args];
  const outcome = await new MeasuredProcess(
    denoRun(line, scratch, denoDir, ALLOCATOR),
  ).outcome;
  if (outcome.code !== 0) throw new Error(outcome.stderr);
  return outcome;
}
