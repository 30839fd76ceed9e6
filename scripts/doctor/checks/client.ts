/**
 * Checks Claude Code, without starting it: its version stands in the name of a native installation,
 * or in a file beside it.
 *
 * @module
 */

import * as v from "valibot";
import { readJson } from "../bounded_json.ts";
import type { CheckFinding } from "../finding.ts";
import type { LauncherFindings } from "../found.ts";

/** The oldest client that the plugin works with. */
const OLDEST = [2, 1, 197];

const VERSION = /^\d{1,6}\.\d{1,6}\.\d{1,6}$/;

const PackageSchema = v.object({
  version: v.pipe(v.string(), v.regex(VERSION)),
});

/** Says which client is on PATH, and whether it is too old. */
export async function checkClient(
  found: LauncherFindings,
): Promise<CheckFinding> {
  const { client, isLooked } = found;
  const check = "client";
  if (client === undefined) {
    return isLooked
      ? {
        check,
        state: "ok",
        text: "Claude Code is not on PATH; the terminal does not need it",
      }
      : { check, state: "unknown", text: "not looked for on this system" };
  }
  const version = await versionOf(client);
  const { path } = client;
  const fields = { version, path };
  if (version === null) {
    return {
      check,
      state: "unknown",
      text: `Claude Code at ${path}; its version is unknown`,
      todo: `It has to be ${OLDEST.join(".")} or newer: claude --version`,
      fields,
    };
  }
  const text = `Claude Code ${version} at ${path}`;
  if (!isOlder(version)) return { check, state: "ok", text, fields };
  return {
    check,
    state: "wrong",
    text: `${text}: the plugin needs ${OLDEST.join(".")} or newer`,
    todo: "Update it: claude update",
    fields,
  };
}

/** The version of a client; `null` when neither its name nor a file tells it. */
async function versionOf(
  { real, package: file }: { real: string; package?: string },
): Promise<string | null> {
  const [, named = ""] = /\/versions\/([^/]+)$/.exec(real) ?? [];
  if (VERSION.test(named)) return named;
  if (file === undefined) return null;
  const read = await readJson(file);
  const parsed = v.safeParse(
    PackageSchema,
    read.state === "read" ? read.value : undefined,
  );
  return parsed.success ? parsed.output.version : null;
}

function isOlder(version: string): boolean {
  const parts = version.split(".").map(Number);
  const differing = parts.findIndex((part, i) => part !== OLDEST[i]);
  return differing !== -1 && parts[differing]! < OLDEST[differing]!;
}
