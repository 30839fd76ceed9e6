/**
 * `work save`: received work as a bundle of git.
 *
 * @module
 */

import { resolve } from "@std/path";
import { checkPlace, placeFile } from "../../lib/files/place_file.ts";
import { cannotStore } from "../../lib/files/cannot_store.ts";
import { findPack, WORK_REFS } from "../../lib/work/bundle_head.ts";
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
    `saved in ${formatPath(file)}; in a checkout${
      base === undefined ? "" : ` with commit ${base.slice(0, 12)}`
    }, git -c fetch.fsckObjects=true fetch ${
      formatPath(resolve(file))
    } ${WORK_REFS.work} reads it`,
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
    using from = await Deno.open(path);
    await from.seek(start, Deno.SeekMode.Start);
    using to = await Deno.open(copy, {
      write: true,
      createNew: true,
      mode: 0o600,
    });
    const piece = new Uint8Array(256 * 1024);
    for (let count; (count = await from.read(piece)) !== null;) {
      let rest = piece.subarray(0, count);
      while (rest.length > 0) rest = rest.subarray(await to.write(rest));
    }
  } catch (cause) {
    throw cannotStore(copy, cause);
  }
}
