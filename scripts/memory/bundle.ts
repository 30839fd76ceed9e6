/**
 * Puts the memory of a project into one file, ready to share.
 *
 * @module
 */

import { dirname } from "@std/path";
import { SpreadError } from "../../lib/errors.ts";
import { realDisk } from "../../lib/files/disk.ts";
import { isChanging } from "../../lib/memory/change/held_folder.ts";
import { encodeBundle } from "../../lib/memory/bundle.ts";
import type { SkippedFile } from "../../lib/memory/folder.ts";
import {
  readShareable,
  type ShareableMemory,
} from "../../lib/memory/shareable.ts";
import { cleanLine } from "../../lib/text/clean_text.ts";
import { selectMemories } from "../../lib/memory/select.ts";
import { INDEX_NAME, memoryType } from "../../lib/memory/text.ts";
import { checkPlace, placeFile } from "../../lib/files/place_file.ts";
import { cannotStore } from "../../lib/files/cannot_store.ts";
import { type BundleOptions, parseBundleArgs } from "./options.ts";
import { findProjectMemory, type ProjectMemory } from "./find_memory.ts";
import { formatBytes, formatCount } from "../cli/screen/format.ts";
import type { Flags } from "../cli/flags.ts";
import { runCommand, type Running } from "../cli/run_command.ts";
import type { Terminal } from "../cli/terminal.ts";
import { whoAmI } from "../cli/surroundings.ts";

async function bundle(
  options: BundleOptions,
  terminal: Terminal,
): Promise<void> {
  const memory = await findProjectMemory(options, terminal);
  const { texts, leftOut, others } = await read(memory);
  warnOfLeftOut(leftOut, others, terminal);
  const missing = leftOut.map(({ name }) => name);
  const selected = selectMemories(texts, options, missing);
  const isOnlyIndex = selected.size === 1 && selected.has(INDEX_NAME);
  if (selected.size === 0 || (isOnlyIndex && texts.size > 1)) {
    throw nothingSelected(memory.folder, texts.size);
  }
  const bytes = encodeBundle({
    project: memory.project,
    sender: options.anonymous ? undefined : whoAmI(),
    created: memory.now().toISOString(),
    files: selected,
  });
  list(selected, texts.size - selected.size, memory, terminal);
  if (options.preview) return;
  if (options.output === undefined) {
    terminal.print(new TextDecoder().decode(bytes));
    return;
  }
  await write(options.output, bytes, options.force);
  terminal.say(
    `${formatCount(selected.size, "file")} in "${options.output}"`,
    "bundled",
    { path: options.output, bytes: bytes.length },
  );
}

async function read(memory: ProjectMemory): Promise<ShareableMemory> {
  const { folder } = memory;
  if (await isChanging(folder)) throw changing(folder);
  const read = await readShareable(folder);
  if (read !== null && read.texts.size > 0) return read;
  throw new SpreadError(
    "NO_MEMORY",
    `There is no memory of "${memory.project}": ${
      read === null ? "there is no folder" : whatIsIn(read)
    } "${folder}"`,
    "To take another folder: claude-spread bundle --project DIR, or --memory DIR",
  );
}

function whatIsIn({ leftOut }: ShareableMemory): string {
  if (leftOut.length === 0) return "nothing is in";
  const reasons = leftOut.map(({ name, why }) => `"${shown(name)}": ${why}`);
  return `nothing that can be shared (${listed(reasons)}) is in`;
}

/** Most names in a warning; further ones are counted. */
const MAX_NAMES = 5;

/** Warns of files that stay behind, so that nobody takes the bundle for all there is. */
function warnOfLeftOut(
  leftOut: SkippedFile[],
  others: string[],
  terminal: Terminal,
): void {
  for (const { name, why } of leftOut) {
    terminal.warn(`"${shown(name)}" is left out: ${why}`);
  }
  if (others.length === 0) return;
  terminal.warn(
    `${formatCount(others.length, "other file")} ${
      others.length === 1 ? "is" : "are"
    } left out, because only Markdown (.md) is memory: ${
      listed(others.map(shown))
    }`,
  );
}

function listed(parts: string[]): string {
  const more = parts.length - MAX_NAMES;
  const first = parts.slice(0, MAX_NAMES).join(", ");
  return more > 0 ? `${first}, and ${more} more` : first;
}

/** A name as it is, but for characters that would steer a terminal. */
function shown(name: string): string {
  return cleanLine(name, 80);
}

function changing(folder: string): SpreadError {
  return new SpreadError(
    "MEMORY_BUSY",
    `Cannot read the memory in "${folder}": an installation there is running or was interrupted`,
    "Wait for it to end, or finish it: claude-spread install --yes with the received file, or --undo",
  );
}

function list(
  selected: Map<string, string>,
  left: number,
  { folder, project }: ProjectMemory,
  terminal: Terminal,
): void {
  const files = Array.from(selected, ([name, text]) => ({
    name,
    type: name === INDEX_NAME ? "index" : memoryType(text),
    bytes: new TextEncoder().encode(text).length,
  }));
  const personal = files.filter(({ type }) => type === "user").length;
  terminal.event("memory", {
    folder,
    project,
    files,
    personal,
    left_out: left,
  });
  terminal.say(`memory of "${project}" in ${folder}`);
  for (const { name, type, bytes } of files) {
    const mark = type === "user" ? "  ← about a person" : "";
    terminal.say(
      `  ${type.padEnd(9)}  ${formatBytes(bytes).padStart(9)}  ${name}${mark}`,
    );
  }
  if (left > 0) terminal.say(`${formatCount(left, "file")} left out`);
  if (personal > 0) {
    terminal.warn(
      `${
        formatCount(personal, "file")
      } about a person (type user); --except user leaves ${
        personal === 1 ? "it" : "them"
      } out`,
    );
  }
}

async function write(
  output: string,
  bytes: Uint8Array,
  isForced: boolean,
): Promise<void> {
  const temporary = `${output}.${crypto.randomUUID()}.part`;
  try {
    await realDisk.makeFolder(dirname(output));
    if (!isForced) checkPlace(output);
    await realDisk.write(temporary, bytes);
    if (isForced) await realDisk.rename(temporary, output);
    else await placeFile(temporary, output);
  } catch (cause) {
    throw cause instanceof SpreadError ? cause : cannotStore(output, cause);
  } finally {
    await realDisk.remove(temporary);
  }
}

function nothingSelected(folder: string, count: number): SpreadError {
  return new SpreadError(
    "PAYLOAD_EMPTY",
    `None of the ${
      formatCount(count, "file")
    } in "${folder}" has one of these types`,
    "Change --only or --except; --preview lists the types",
  );
}

/** Runs `bundle` with parsed flags, for a person or for a skill. */
export async function run(flags: Flags, { terminal }: Running): Promise<void> {
  await bundle(parseBundleArgs(flags), terminal);
}

/** @returns The exit code. */
export function main(args: string[]): Promise<number> {
  return runCommand("bundle", args, run);
}
