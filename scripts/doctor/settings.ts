/**
 * The settings of Claude Code that decide about plugins and hooks: those of the user, of the project
 * in the current folder, and those that an administrator manages in files.
 *
 * Settings on the command line, and those that a company's server or the system's registry holds,
 * are not read. Found by experiment on versions 2.1.197 and 2.1.332; the places of managed settings
 * on other systems than Linux are those of its documentation.
 *
 * @module
 */

import * as v from "valibot";
import { type ReadJson, readJson } from "./bounded_json.ts";

/** Most files of managed settings that are read. */
const MAX_MANAGED = 100;

/** With a value of another type, the client ignores the whole file. */
const SettingsSchema = v.object({
  disableAllHooks: v.optional(v.boolean()),
  allowManagedHooksOnly: v.optional(v.boolean()),
  enabledPlugins: v.optional(v.record(v.string(), v.unknown())),
});

/** One file of settings. */
export interface Settings {
  /** Path, as a person would write it. */
  path: string;
  isManaged: boolean;
  values: v.InferOutput<typeof SettingsSchema>;
}

/** All files that were read, those that count most first, and those that could not be. */
export interface AllSettings {
  files: Settings[];
  problems: { path: string; why: string; isBroken: boolean }[];
}

/** Folder of managed settings on this system. */
export function managedFolder(): string {
  switch (Deno.build.os) {
    case "darwin":
      return "/Library/Application Support/ClaudeCode";
    case "windows":
      return "C:\\Program Files\\ClaudeCode";
    default:
      return "/etc/claude-code";
  }
}

/**
 * Reads all settings.
 *
 * @param config Claude Code's folder.
 * @param project The folder that sessions are started in.
 * @param machine The folder of managed settings.
 */
export async function readSettings(
  config: string,
  project = ".",
  machine = managedFolder(),
): Promise<AllSettings> {
  const managed = await managedFiles(machine);
  const all: AllSettings = { files: [], problems: [] };
  for (const path of managed.reverse()) await addFile(all, path, true);
  for (
    const path of [
      `${project}/.claude/settings.local.json`,
      `${project}/.claude/settings.json`,
      `${config}/settings.json`,
    ]
  ) await addFile(all, path, false);
  return all;
}

async function addFile(
  all: AllSettings,
  path: string,
  isManaged: boolean,
): Promise<void> {
  const read = await readJson(path);
  if (read.state === "missing") return;
  const parsed = parse(read);
  if (parsed !== null) all.files.push({ path, isManaged, values: parsed });
  else {
    all.problems.push({
      path,
      why: "why" in read ? read.why : "it does not hold settings",
      isBroken: read.state !== "unreadable",
    });
  }
}

function parse(read: ReadJson): Settings["values"] | null {
  if (read.state !== "read") return null;
  const { success, output } = v.safeParse(SettingsSchema, read.value);
  return success && !Array.isArray(read.value) ? output : null;
}

/** Paths of managed settings, in the order in which later ones count more. */
async function managedFiles(folder: string): Promise<string[]> {
  const parts: string[] = [];
  try {
    for await (const { name } of Deno.readDir(`${folder}/managed-settings.d`)) {
      if (name.endsWith(".json") && !name.startsWith(".")) parts.push(name);
      if (parts.length === MAX_MANAGED) break;
    }
  } catch {
    // There is none, or it may not be read.
  }
  return [
    `${folder}/managed-settings.json`,
    ...parts.sort().map((name) => `${folder}/managed-settings.d/${name}`),
  ];
}

/** The file that decides about a value, and the value there; `null` when none has one. */
export function decide<Value>(
  files: Settings[],
  read: (values: Settings["values"]) => Value | undefined,
): { value: Value; file: Settings } | null {
  for (const file of files) {
    const value = read(file.values);
    if (value !== undefined) return { value, file };
  }
  return null;
}
