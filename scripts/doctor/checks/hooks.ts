/**
 * Checks whether the plugin's hooks may run, by Claude Code's settings, and when one last did, by
 * the folders that they make (`hooks/keep-typed`). What is in those folders stays unread.
 *
 * @module
 */

import { skillCommand } from "../../../lib/plugin_name.ts";
import { formatPast } from "../../cli/screen/format.ts";
import type { CheckFinding } from "../finding.ts";
import { type AllSettings, decide, type Settings } from "../settings.ts";
import type { PluginState } from "./plugin.ts";

/** Most folders of sessions that are looked at. */
const MAX_SESSIONS = 1_000;

/** Says whether hooks may run, and when one last did. */
export async function checkHooks(
  plugin: PluginState,
  settings: AllSettings,
  usual: string,
  now: Date,
): Promise<CheckFinding> {
  const check = "hooks";
  const last = await lastRun(`${usual}/claude`);
  const fields = { last_run: last?.toISOString() };
  const ran = last === null
    ? `no sign that they ever ran; to try, type ${
      skillCommand("status-of-shares")
    }`
    : `last ran ${formatPast(last, now)}`;
  const off = whyOff(plugin.on, settings.files);
  if (off !== null) {
    // Nobody needs them where the plugin is not on.
    const isNeeded = plugin.on !== undefined || !plugin.isKnown;
    return { check, state: isNeeded ? "wrong" : "hint", ...off, fields };
  }
  if (settings.problems.length > 0 || !plugin.isKnown) {
    const text = `cannot tell whether they are on; ${ran}`;
    return { check, state: "unknown", text, fields };
  }
  if (plugin.on === undefined) {
    const text = "part of the plugin, which is not on here";
    return { check, state: "hint", text, fields };
  }
  return { check, state: "ok", text: `on by the settings; ${ran}`, fields };
}

/** The setting that keeps the hooks from running; `null` for none. */
function whyOff(
  plugin: string | undefined,
  files: Settings[],
): { text: string; todo: string } | null {
  const admin = "Ask the administrator of this machine";
  const managed = files.filter(({ isManaged }) => isManaged);
  const only = decide(managed, (values) => values.allowManagedHooksOnly);
  const isManagedPlugin = plugin !== undefined &&
    decide(managed, ({ enabledPlugins }) => enabledPlugins?.[plugin])?.value ===
      true;
  if (only?.value && !isManagedPlugin) {
    const { path } = only.file;
    const text = `off: "${path}" allows only hooks of the administrator`;
    return { text, todo: admin };
  }
  const disabled = decide(files, (values) => values.disableAllHooks);
  if (!disabled?.value) return null;
  const { path, isManaged } = disabled.file;
  return {
    text: `off: "disableAllHooks" is true in "${path}"`,
    todo: isManaged
      ? admin
      : "Remove it there, or set it to false; the skills need their hooks",
  };
}

/** Time at which a hook last kept something; `null` when there is no trace of that. */
async function lastRun(folder: string): Promise<Date | null> {
  let last: Date | null = null;
  let count = 0;
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (!isDirectory || ++count > MAX_SESSIONS) continue;
      const { mtime } = await Deno.lstat(`${folder}/${name}`);
      if (mtime !== null && (last === null || mtime > last)) last = mtime;
    }
  } catch {
    // No hook has run yet, or the folder's own check says what is wrong with it.
  }
  return last;
}
