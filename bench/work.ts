/**
 * Time until a share with unfinished work is ready, and time to open that work on the other side:
 * each from the start of a process. The repository has 10 000 files and 200 MB of history, and 20
 * of its files are changed.
 *
 * @module
 */

import { type CommandName, ENGINE } from "../scripts/cli/commands.ts";
import { flagsWithAnyFile } from "../scripts/cli/grants.ts";
import { ALLOCATOR, denoRun } from "./deno_run.ts";
import { READY, RECEIVER_FLAGS } from "./ours.ts";
import { MeasuredProcess } from "./process.ts";
import type { RelayOptions } from "./relay_targets.ts";
import { cell, median, range, table } from "./report.ts";

const FILES = 10_000;
const CHANGED = 20;
const HISTORY_BYTES = 200_000_000;
const BLOB_BYTES = 1_000_000;

const SCRIPTS = new URL("../scripts/", import.meta.url).pathname;

/** Scripts that must be in the module cache before the network goes away. */
export const WORK_ENTRY_POINTS = [`${SCRIPTS}work/command.ts`];

/** The two checkouts of one origin. */
interface Checkouts {
  sender: string;
  receiver: string;
}

/** Runs the benchmark and returns its table. */
export async function benchWork(options: RelayOptions): Promise<string> {
  const { scratch, rounds, warmUpRounds, deadlineMs } = options;
  const checkouts = await makeCheckouts(
    await Deno.makeTempDir({ dir: scratch }),
  );
  const document = `${scratch}/work.md`;
  await Deno.writeTextFile(document, "# Notes\n");
  const readyMs: number[] = [];
  const openMs: number[] = [];
  const bareMs: number[] = [];
  for (let round = -warmUpRounds; round < rounds; round++) {
    if (round > 0 && performance.now() > deadlineMs) break;
    const ready = await handOver(checkouts, document, options);
    const open = await openWork(checkouts, options);
    const bare = await addWorktree(checkouts);
    if (round < 0) continue;
    readyMs.push(ready);
    openMs.push(open);
    bareMs.push(bare);
  }
  return table(
    [
      `${FILES} files, ${HISTORY_BYTES / 1e6} MB`,
      "median ms",
      "min–max ms",
      "runs",
    ],
    [
      ["serve --with-work until ready", readyMs] as const,
      ["work open", openMs] as const,
      ["git worktree add alone", bareMs] as const,
    ].map(([name, ms]) => [
      name,
      cell(median(ms), 0),
      range(ms, 0),
      String(ms.length),
    ]),
  );
}

/** Hands over a document with work; returns the time until it is ready, in milliseconds. */
async function handOver(
  { sender, receiver }: Checkouts,
  document: string,
  options: RelayOptions,
): Promise<number> {
  const at = ["--interface", "127.0.0.1"];
  const startMs = performance.now();
  await using serving = start("serve", sender, options, [
    ...at,
    "--once",
    "--with-work",
    document,
  ]);
  const [line] = await serving.waitFor(READY);
  const readyMs = performance.now() - startMs;
  const { invite, addresses } = JSON.parse(line);
  const output = `${options.scratch}/work-received.md`;
  await finish(
    start("receive", receiver, options, [
      ...at,
      "--output",
      output,
      invite,
      addresses[0],
    ]),
  );
  await Deno.remove(output);
  return readyMs;
}

/** Opens the work, checks it, and takes it away; returns the time of the first, in milliseconds. */
async function openWork(
  { receiver }: Checkouts,
  options: RelayOptions,
): Promise<number> {
  const opening = await finish(start("work open", receiver, options, []));
  const { worktree } = JSON.parse(
    /^.*"event":"opened".*$/m.exec(opening.stdout)![0],
  );
  const status = await git(worktree, "status", "--porcelain");
  if (status.trim().split("\n").length !== CHANGED) {
    throw new Error("The opened work is not the sender's");
  }
  await finish(start("work undo", receiver, options, []));
  return opening.wallMs;
}

/** Time that git needs for a work tree of the same files, in milliseconds: most of it the disk's. */
async function addWorktree({ receiver }: Checkouts): Promise<number> {
  const bare = `${receiver}-bare`;
  const startMs = performance.now();
  await git(receiver, "worktree", "add", "--quiet", "--detach", bare);
  const ms = performance.now() - startMs;
  await git(receiver, "worktree", "remove", "--force", bare);
  return ms;
}

function start(
  command: Extract<
    CommandName,
    "serve" | "receive" | "work open" | "work undo"
  >,
  project: string,
  { scratch, denoDir }: RelayOptions,
  args: string[],
): MeasuredProcess {
  const [name, ...words] = command.split(" ");
  const script = words.length > 0 ? `${name}/command.ts` : `${name}.ts`;
  const flags = name === "receive" ? RECEIVER_FLAGS : [];
  const how = [ENGINE, ...flags, ...flagsWithAnyFile(command)];
  const line = [...how, `${SCRIPTS}${script}`, ...words, "--json", ...args];
  const run = denoRun(line, scratch, denoDir, ALLOCATOR);
  return new MeasuredProcess({ ...run, cwd: project });
}

async function finish(process: MeasuredProcess) {
  const outcome = await process.outcome;
  if (outcome.code !== 0) throw new Error(outcome.stdout + outcome.stderr);
  return outcome;
}

/** Makes a repository, pushes it, clones it, and changes files in the first checkout. */
async function makeCheckouts(folder: string): Promise<Checkouts> {
  const [origin, sender, receiver] = ["origin.git", "sender", "receiver"]
    .map((name) => `${folder}/${name}`) as [string, string, string];
  await git(
    folder,
    "init",
    "--quiet",
    "--bare",
    "--initial-branch=main",
    origin,
  );
  await fastImport(origin);
  await git(folder, "clone", "--quiet", origin, sender);
  await git(folder, "clone", "--quiet", origin, receiver);
  for (let i = 0; i < CHANGED; i++) {
    await Deno.writeTextFile(`${sender}/${nameOf(i * 97)}`, `changed ${i}\n`);
  }
  return { sender, receiver };
}

function nameOf(i: number): string {
  return `src/part${Math.floor(i / 100)}/file${i % 100}.ts`;
}

/** Imports a history of commits that each replace a large file, and last the files themselves. */
async function fastImport(origin: string): Promise<void> {
  const child = new Deno.Command("git", {
    args: [`--git-dir=${origin}`, "fast-import", "--quiet"],
    stdin: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const encoder = new TextEncoder();
  const write = (text: string) => writer.write(encoder.encode(text));
  const commit = (message: string) =>
    write(
      "commit refs/heads/main\ncommitter bench <bench@invalid> 1700000000 +0000\n" +
        `data ${message.length}\n${message}\n`,
    );
  for (let i = 0; i < HISTORY_BYTES / BLOB_BYTES; i++) {
    const bytes = new Uint8Array(BLOB_BYTES);
    for (let at = 0; at < bytes.length; at += 65_536) {
      crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    }
    await commit(`asset ${i}`);
    await write(`M 100644 inline asset.bin\ndata ${BLOB_BYTES}\n`);
    await writer.write(bytes);
    await write("\n");
  }
  await commit("files");
  for (let i = 0; i < FILES; i++) {
    const text = `export const value${i} = ${i};\n`.repeat(30);
    await write(
      `M 100644 inline ${nameOf(i)}\ndata ${text.length}\n${text}\n`,
    );
  }
  await writer.close();
  if (!(await child.status).success) throw new Error("git fast-import failed");
}

async function git(folder: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args: ["-C", folder, ...args],
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  return decoder.decode(stdout);
}
