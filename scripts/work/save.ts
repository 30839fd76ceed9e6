/**
 * `work save`: received work as a bundle of git.
 *
 * @module
 */

import { resolve } from "@std/path";
import { checkPlace, placeFile } from "../../lib/files/payload/place_file.ts";
import { cannotStore } from "../../lib/files/cannot_store.ts";
import { findPack, WORK_REFS } from "../../lib/work/bundle_head.ts";
import { readFrom } from "../../lib/work/open/unpack.ts";
import { readHeader } from "../../lib/work/work_file.ts";
import { formatPath } from "../cli/screen/format.ts";
import { workFolder } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";
import type { WorkAction } from "./options.ts";
import { findWork, payloadOf } from "./received_work.ts";

/** Writes the bundle; never over another file. */
export async function saveWork(
  { id, file }: Extract<WorkAction, { action: "save" }>,
  terminal: Terminal,
): Promise<void> {
  const work = await findWork(id);
  checkPlace(file);
  const path = payloadOf(work);
  const { header, start } = await readHeader(path);
  // Refuses what is not a bundle as described.
  await findPack(path, start, header);
  const copy = `${workFolder()}/${crypto.randomUUID()}`;
  try {
    await copyFrom(path, start, copy);
    await placeFile(copy, file);
  } finally {
    await Deno.remove(copy).catch(() => {});
  }
  const base = header.base[0];
  terminal.say(
    `saved in ${formatPath(file)}; to fetch from it in a checkout${
      base === undefined ? "" : ` that has commit ${base.slice(0, 12)}`
    }: git -c fetch.fsckObjects=true fetch ${
      formatPath(resolve(file))
    } ${WORK_REFS.work}`,
    "saved",
    { id: work.id, path: file },
  );
}

async function copyFrom(
  path: string,
  start: number,
  copy: string,
): Promise<void> {
  try {
    const how = { createNew: true, mode: 0o600 };
    await Deno.writeFile(copy, ReadableStream.from(readFrom(path, start)), how);
  } catch (cause) {
    throw cannotStore(copy, cause);
  }
}
