/**
 * A session of 100 MB: listed and packed on one side, rebuilt and installed on the other, and all
 * of it with a share on loopback between them.
 *
 * Each step is a process of its own, and its time includes startup. The session is generated:
 * prompts, answers and tool calls with their output, with paths of the project in all of them.
 *
 * @module
 */

import { projectName } from "../lib/claude/config_folder.ts";
import { flagsWithAnyFile } from "../scripts/cli/grants.ts";
import { ALLOCATOR, denoRun } from "./deno_run.ts";
import { ENTRY_POINTS, freePort, READY, RECEIVER_FLAGS } from "./ours.ts";
import { type CommandLine, MeasuredProcess, type Outcome } from "./process.ts";
import { cell, median, range, type RoundsOptions, table } from "./report.ts";

/** Size of the transcript, in bytes. */
const SESSION_BYTES = 100_000_000;

const ROOT = new URL("../", import.meta.url).pathname;

/** Modules that must be in the cache before the network goes away. */
export const SESSION_ENTRY_POINTS = [
  `${ROOT}bench/pack_session.ts`,
  `${ROOT}scripts/sessions.ts`,
  ...ENTRY_POINTS,
];

/** Runs the benchmark and returns its table. */
export async function benchSessions(
  denoDir: string,
  { rounds, deadlineMs, scratch }: RoundsOptions,
): Promise<string> {
  const sender = await makeHome(`${scratch}/session-sender`);
  const bytes = await writeSession(sender);
  const packs: Outcome[] = [];
  const installs: Outcome[] = [];
  const shares: Outcome[] = [];
  const receipts: Outcome[] = [];
  let packedBytes = 0;
  for (let round = 0; round < rounds; round++) {
    if (round > 0 && performance.now() > deadlineMs) break;
    const output = `${sender.home}/${round}.session`;
    const receiver = await makeHome(`${scratch}/session-receiver-${round}`);
    packs.push(await measure(packLine(denoDir, sender, output)));
    packedBytes = (await Deno.stat(output)).size;
    installs.push(await measure(installLine(denoDir, receiver, output)));
    await Deno.remove(receiver.home, { recursive: true });
    const other = await makeHome(`${scratch}/session-other-${round}`);
    const { share, receipt } = await handOver(denoDir, sender, other);
    shares.push(share);
    receipts.push(receipt);
    await Deno.remove(other.home, { recursive: true });
  }
  await Deno.remove(sender.home, { recursive: true });
  return table(
    [`session of ${megabytes(bytes)} MB`, "s", "min–max", "peak MB", "runs"],
    [
      row(`list and pack (to ${megabytes(packedBytes)} MB)`, packs),
      row("rebuild and install", installs),
      row("share, from its start to its end", shares),
      row("receive and install, of that", receipts),
    ],
  );
}

function row(name: string, outcomes: Outcome[]): string[] {
  const seconds = outcomes.map(({ wallMs }) => wallMs / 1000);
  const peak = median(outcomes.map(({ peakBytes }) => peakBytes ?? NaN));
  return [
    name,
    cell(median(seconds), 2),
    range(seconds, 2),
    cell(peak / 1e6, 0),
    String(outcomes.length),
  ];
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

async function measure(line: CommandLine): Promise<Outcome> {
  const outcome = await new MeasuredProcess(line).outcome;
  if (outcome.code !== 0) throw new Error(outcome.stderr);
  return outcome;
}

/** A home folder with a project. */
interface Home {
  home: string;
  project: string;
}

async function makeHome(home: string): Promise<Home> {
  const project = `${home}/app`;
  await Deno.mkdir(project, { recursive: true });
  return { home, project };
}

function packLine(
  denoDir: string,
  { home, project }: Home,
  output: string,
): CommandLine {
  const args = [home, project, output];
  const permissions = ["--allow-read", "--allow-write"];
  const script = `${ROOT}bench/pack_session.ts`;
  return denoRun([...permissions, script, ...args], home, denoDir, ALLOCATOR);
}

function installLine(
  denoDir: string,
  { home, project }: Home,
  file: string,
): CommandLine {
  const permissions = ["--allow-read", "--allow-write", "--allow-env"];
  const script = `${ROOT}scripts/sessions.ts`;
  const args = ["install", "--project", project, file];
  return denoRun([...permissions, script, ...args], home, denoDir, ALLOCATOR);
}

/** Shares the session, and receives it as soon as that can be done. */
async function handOver(
  denoDir: string,
  sender: Home,
  receiver: Home,
): Promise<{ share: Outcome; receipt: Outcome }> {
  const port = String(freePort());
  const kind = ["--json", "--kind", "session", "--interface", "127.0.0.1"];
  const run = ({ home, project }: Home, script: string, args: string[]) => {
    const isReceiver = script === "receive.ts";
    const all = [
      ...isReceiver ? RECEIVER_FLAGS : [],
      ...flagsWithAnyFile(isReceiver ? "receive" : "serve"),
      `${ROOT}scripts/${script}`,
      ...[...kind, "--project", project, ...args],
    ];
    return new MeasuredProcess(denoRun(all, home, denoDir, ALLOCATOR));
  };
  const sharing = run(sender, "serve.ts", ["--session", "all", "--port", port]);
  const [ready] = await sharing.waitFor(READY);
  const { invite } = JSON.parse(ready);
  const from = ["--pick", "1", invite, `127.0.0.1:${port}`];
  const receipt = await run(receiver, "receive.ts", from).outcome;
  const share = await sharing.outcome;
  for (const { code, stderr } of [share, receipt]) {
    if (code !== 0) throw new Error(stderr);
  }
  return { share, receipt };
}

/** @returns Its size in bytes. */
async function writeSession({ home, project }: Home): Promise<number> {
  const folder = `${home}/.claude/projects/${projectName(project)}`;
  await Deno.mkdir(folder, { recursive: true });
  const id = crypto.randomUUID();
  using file = await Deno.open(`${folder}/${id}.jsonl`, {
    write: true,
    createNew: true,
  });
  const encoder = new TextEncoder();
  let bytes = 0;
  let parentUuid: string | null = null;
  for (let n = 0; bytes < SESSION_BYTES; n++) {
    const uuid = crypto.randomUUID();
    const line = { ...messageAt(n, project), uuid, parentUuid, sessionId: id };
    bytes += await file.write(encoder.encode(JSON.stringify(line) + "\n"));
    parentUuid = uuid;
  }
  return bytes;
}

/** The n-th line: a prompt, a call, its output, or an answer. */
function messageAt(n: number, project: string): Record<string, unknown> {
  const path = `${project}/src/module_${n % 97}.ts`;
  const frame = {
    isSidechain: false,
    cwd: project,
    version: "2.1.197",
    gitBranch: "main",
    timestamp: new Date(1_780_000_000_000 + n * 1000).toISOString(),
  };
  const answer = (content: unknown) => ({
    ...frame,
    type: "assistant",
    message: { id: `msg_${n}`, role: "assistant", model: "claude", content },
  });
  const said = (content: unknown) => ({
    ...frame,
    type: "user",
    message: { role: "user", content },
  });
  switch (n % 4) {
    case 0:
      return said(`Look at ${path}: ${words(n, 40)}`);
    case 1:
      return answer([
        { type: "tool_use", id: `t${n}`, name: "Read", input: { path } },
      ]);
    case 2: {
      const content = words(n, 600);
      const result = { type: "tool_result", tool_use_id: `t${n - 1}`, content };
      return { ...said([result]), toolUseResult: { file: { path, content } } };
    }
    default:
      return answer([{ type: "text", text: `In ${path}: ${words(n, 200)}` }]);
  }
}

/** Words that compress about as well as text. */
function words(seed: number, count: number): string {
  let state = seed + 1;
  const next = () => state = Math.imul(state, 1_103_515_245) + 12_345 >>> 0;
  return Array.from({ length: count }, () => (next() >>> 18).toString(36))
    .join(" ");
}
