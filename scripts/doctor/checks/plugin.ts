/**
 * Checks whether the plugin is installed in Claude Code and switched on, by the client's own files.
 *
 * @module
 */

import * as v from "valibot";
import deno from "../../../deno.json" with { type: "json" };
import {
  MARKETPLACE,
  PLUGIN_NAME,
  REPOSITORY,
} from "../../../lib/plugin_name.ts";
import { readJson } from "../bounded_json.ts";
import type { CheckFinding } from "../finding.ts";
import { type AllSettings, decide, type Settings } from "../settings.ts";

/** Our plugin, with its marketplace; such a name stands in commands that people type. */
const NAME = new RegExp(`^${RegExp.escape(PLUGIN_NAME)}(?:@[\\w.-]+)?$`);

const InstallSchema = v.object({
  scope: v.optional(v.string()),
  version: v.optional(v.string()),
  projectPath: v.optional(v.string()),
});

const InstalledSchema = v.object({
  plugins: v.record(
    v.string(),
    v.union([v.array(InstallSchema), InstallSchema]),
  ),
});

/** A plugin of ours, as the client knows it. */
export interface PluginState {
  finding: CheckFinding;
  /** Its name with that of its marketplace, if it is installed and switched on. */
  on?: string;
  /** Whether that could be found out. */
  isKnown: boolean;
}

/**
 * Says whether the plugin is there and on.
 *
 * @param config Claude Code's folder.
 */
export async function checkPlugin(
  config: string,
  settings: AllSettings,
): Promise<PluginState> {
  const path = `${config}/plugins/installed_plugins.json`;
  const read = await readJson(path);
  if (read.state === "missing") return notInstalled();
  const parsed = v.safeParse(
    InstalledSchema,
    read.state === "read" ? read.value : undefined,
  );
  if (!parsed.success) {
    const why = "why" in read
      ? read.why
      : "this command does not know its format";
    return unknown(`cannot tell from "${path}": ${why}`);
  }
  const own = Object.entries(parsed.output.plugins)
    .filter(([name]) => NAME.test(name));
  if (own.length === 0) return notInstalled();
  const states = own.map(([name, installs]) =>
    stateOf(name, [installs].flat(), settings)
  );
  return states.find(({ on }) => on !== undefined) ?? states[0]!;
}

/** The state of one installed plugin. */
function stateOf(
  name: string,
  installs: v.InferOutput<typeof InstallSchema>[],
  { files, problems }: AllSettings,
): PluginState {
  const [install = {}] = installs;
  const fields = { plugin: name, version: install.version };
  const decided = decide(files, ({ enabledPlugins }) => enabledPlugins?.[name]);
  if (decided === null && problems.length > 0) {
    return unknown(`${name} is installed; its settings cannot all be read`);
  }
  if (decided === null) {
    const finding = elsewhere(name, install.projectPath ?? "another project");
    return { isKnown: true, finding: { ...finding, fields } };
  }
  if (decided.value === false) {
    const finding = switchedOff(name, decided.file);
    return { isKnown: true, finding: { ...finding, fields } };
  }
  // A list restricts versions, and counts as on.
  const finding = switchedOn(name, install.version ?? "of an unknown version");
  return { on: name, isKnown: true, finding: { ...finding, fields } };
}

function elsewhere(name: string, where: string): CheckFinding {
  return {
    check: "plugin",
    state: "hint",
    text: `${name} is installed for ${where}, and not switched on here`,
    todo: `To use it everywhere: claude plugin install ${name}`,
  };
}

function switchedOff(
  name: string,
  { path, isManaged }: Settings,
): CheckFinding {
  return {
    check: "plugin",
    state: "wrong",
    text: `${name} is switched off in "${path}"`,
    todo: isManaged
      ? "Ask the administrator of this machine"
      : `Switch it on: claude plugin enable ${name}`,
  };
}

function switchedOn(name: string, version: string): CheckFinding {
  const check = "plugin";
  const text = `${name} ${version} is installed and switched on`;
  if (version === deno.version) return { check, state: "ok", text };
  return {
    check,
    state: "hint",
    text: `${text}; this command is ${deno.version}`,
    todo: `If that is newer: claude plugin update ${name}`,
  };
}

function notInstalled(): PluginState {
  return {
    isKnown: true,
    finding: {
      check: "plugin",
      state: "hint",
      text: "not installed in Claude Code; the terminal does not need it",
      todo: `In Claude Code: /plugin marketplace add ${REPOSITORY}, then ` +
        `/plugin install ${PLUGIN_NAME}@${MARKETPLACE}`,
    },
  };
}

function unknown(text: string): PluginState {
  return {
    isKnown: false,
    finding: { check: "plugin", state: "unknown", text },
  };
}
