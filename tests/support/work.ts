/**
 * Unfinished work of a sender, and what a receiver has of it.
 *
 * @module
 */

import { randomBytes } from "./checks.ts";
import { listFiles } from "./files.ts";
import type { Machine } from "./machine.ts";
import { Repository } from "./repository.ts";

/** Bytes of the file that is not committed: four parts of a drop. */
const CHANGED_BYTES = 200_000;

/** Makes a checkout of the work folder, with a commit that no remote has and a file that none has. */
export async function makeWork(machine: Machine): Promise<Repository> {
  const repository = Repository.at(machine.work);
  await repository.git("init", "-q", "-b", "main");
  await repository.commit("cents.ts");
  // It cannot be compressed, and so its size is that of the work.
  await machine.write("table.bin", randomBytes(CHANGED_BYTES));
  return repository;
}

/** Files that {@linkcode keptWork} finds once all of some work is there. */
export const KEPT_WORK = ["work/*.json", "work/*.work"];

/**
 * Kinds of the files of received work, and of payloads that have arrived in part; without the lock
 * and the list of work trees, which are there after some commands.
 */
export async function keptWork(machine: Machine): Promise<string[]> {
  const names = await machine.kept();
  return names.filter((name) => !/^work\/(?:lock|worktrees)$/.test(name))
    .filter((name) => /^(?:work|partial)\/.*(?<!taking)$/.test(name))
    .map((name) => name.replace(/\/[0-9a-f]{8,64}/, "/*")).sort();
}

/** Received payloads of work, as bytes. */
export async function readWork(machine: Machine): Promise<Uint8Array[]> {
  const folder = `${machine.state}/work`;
  const names = await listFiles(folder);
  const payloads = names.filter((name) => name.endsWith(".work"));
  return await Promise.all(
    payloads.map((name) => Deno.readFile(`${folder}/${name}`)),
  );
}

/** Has the only work of a machine look as if it were open; returns the work tree. */
export async function openWork(machine: Machine): Promise<string> {
  const folder = `${machine.state}/work`;
  const worktree = machine.path("tree");
  await Deno.mkdir(worktree);
  const [name] = (await listFiles(folder)).filter((one) => /json$/.test(one));
  const entry = JSON.parse(await Deno.readTextFile(`${folder}/${name}`));
  const time = new Date().toISOString();
  const opened = { checkout: machine.work, worktree, branch: "a", time };
  const text = JSON.stringify({ ...entry, opened });
  await Deno.writeTextFile(`${folder}/${name}`, text);
  await Deno.writeTextFile(`${folder}/worktrees`, `${worktree}\n`);
  return worktree;
}
