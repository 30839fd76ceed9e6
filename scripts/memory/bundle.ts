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
import {
  maskNames,
  type SafeMemory,
  selectSafely,
} from "../../lib/memory/secrets.ts";
import { countKinds } from "../../lib/secrets/places.ts";
import type { Scanner } from "../../lib/secrets/scanner.ts";
import type { SkippedFile } from "../../lib/memory/folder.ts";
import {
  readShareable,
  type ShareableMemory,
} from "../../lib/memory/shareable.ts";
import { cleanLine } from "../../lib/text/clean_text.ts";
import { INDEX_NAME, memoryType } from "../../lib/memory/text.ts";
import { checkPlace, placeFile } from "../../lib/files/payload/place_file.ts";
import { cannotStore } from "../../lib/files/cannot_store.ts";
import { type BundleOptions, parseBundleArgs } from "./options.ts";
import { findProjectMemory, type ProjectMemory } from "./find_memory.ts";
import { formatBytes, formatCount } from "../cli/screen/format.ts";
import { anonymizerOf } from "../cli/secrets/anonymous.ts";
import { openProjectScanner } from "../cli/secrets/project.ts";
import { sayReport, showPlaces } from "../cli/secrets/report.ts";
import type { Flags } from "../cli/flags.ts";
import { runCommand, type Running } from "../cli/run_command.ts";
import type { Terminal } from "../cli/terminal.ts";
import { whoAmI } from "../cli/surroundings.ts";

async function bundle(
  options: BundleOptions,
  terminal: Terminal,
): Promise<void> {
  const memory = await findProjectMemory(options, terminal);
  const { keepSecrets, preview } = options;
  // Secrets that are kept are searched for only in a preview.
  const scanner = keepSecrets && !preview
    ? null
    : await openProjectScanner(options.project ?? ".");
  const safe = await select(memory, options, scanner, terminal);
  const secrets = keepSecrets ? [] : countKinds(safe.places);
  const bytes = encodeBundle({
    project: safe.project,
    sender: options.anonymous ? undefined : whoAmI(),
    created: memory.now().toISOString(),
    secrets,
    files: safe.files,
  });
  list(safe, memory, terminal);
  if (preview) showPlaces(safe.places, options, terminal);
  const allowed = scanner?.allowed;
  sayReport({ allowed, taken_out: preview ? [] : secrets }, terminal);
  if (preview) return;
  if (options.output === undefined) {
    terminal.print(new TextDecoder().decode(bytes));
    return;
  }
  await write(options.output, bytes, options.force);
  terminal.say(
    `${formatCount(safe.files.size, "file")} in "${options.output}"`,
    "bundled",
    { path: options.output, bytes: bytes.length, secrets },
  );
}

/** Files to bundle. */
interface Selected extends SafeMemory {
  /** Number of files that are not among them. */
  left: number;
}

/** Selects the files to bundle, and says which others stay behind. */
async function select(
  memory: ProjectMemory,
  options: BundleOptions,
  scanner: Scanner | null,
  terminal: Terminal,
): Promise<Selected> {
  const { texts, leftOut, others } = await read(memory);
  const rename = anonymizerOf(options);
  const files = new Map(
    Array.from(texts, ([name, text]) => [name, rename(text)]),
  );
  const missing = leftOut.map(({ name }) => name);
  const safe = await selectSafely(
    { project: memory.project, files },
    { ...options, missing },
    scanner,
  );
  const masked = await maskNames(missing, scanner);
  warnOfLeftOut(
    [
      ...leftOut.map(({ why }, i) => ({ name: masked[i]!, why })),
      ...safe.leftOut,
    ],
    await maskNames(others, scanner),
    terminal,
  );
  const { size } = safe.files;
  const isOnlyIndex = size === 1 && safe.files.has(INDEX_NAME);
  if (size === 0 || (isOnlyIndex && texts.size > 1)) {
    throw nothingSelected(memory.folder, texts.size);
  }
  return { ...safe, left: texts.size - size };
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
  { files: selected, left, secrets }: Selected,
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
    secrets,
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
    } in "${folder}" is left: each has another type, or a secret in its name`,
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
