/**
 * Memory on a machine: the folder that Claude Code would use there, and bundles.
 *
 * @module
 */

import { projectName } from "../../lib/claude/config_folder.ts";
import { fill, snapshot } from "./memory_samples.ts";
import type { Machine } from "./machine.ts";

/** The memory folder of the project in the machine's work folder. */
export function memoryFolder(machine: Machine): string {
  const name = projectName(`${machine.folder}/work`);
  return `${machine.home}/.claude/projects/${name}/memory`;
}

/** Makes a memory on a machine. */
export async function remember(
  machine: Machine,
  files: Record<string, string>,
): Promise<void> {
  await Deno.mkdir(memoryFolder(machine), { recursive: true });
  await fill(memoryFolder(machine), files);
}

/** All that is in the memory folder, hidden files too; empty when there is none. */
export async function memoryOf(
  machine: Machine,
): Promise<Record<string, string>> {
  try {
    return await snapshot(memoryFolder(machine));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

/** A bundle as JSON. */
export function bundleOf(
  files: unknown,
  more: Record<string, unknown> = {},
): string {
  const type = "memory_bundle";
  return JSON.stringify({ type, project: "shop", files, ...more });
}
