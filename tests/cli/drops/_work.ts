/**
 * Unfinished work of Alice's beside what she leaves, and what Bob has of it.
 *
 * @module
 */

import { randomBytes } from "../../support/checks.ts";
import { listFiles } from "../../support/files.ts";
import type { Machine } from "../../support/machine.ts";
import { Repository } from "../../support/repository.ts";

/** Bytes of the file that is not committed: four parts of a drop. */
export const CHANGED_BYTES = 200_000;

/** Makes a checkout of the work folder, with a commit that no remote has and a file that none has. */
export async function makeWork(machine: Machine): Promise<Repository> {
  const repository = Repository.at(machine.work);
  await repository.git("init", "-q", "-b", "main");
  await repository.commit("cents.ts");
  // It cannot be compressed, and so its size is that of the work.
  await machine.write("table.bin", randomBytes(CHANGED_BYTES));
  return repository;
}

/** Kinds of the files of received work, and of what has arrived in part. */
export async function keptWork(machine: Machine): Promise<string[]> {
  const names = await machine.kept();
  return names.filter((name) => /^(?:work|partial)\//.test(name))
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
