/**
 * The allow file of a project: findings that a person has judged to be false alarms.
 *
 * `.claude-spread.json` holds `{"allow": […]}`; each entry is `{"sha256": …}`, the hash of a value
 * as UTF-8 in hexadecimal digits, or `{"rule": …, "path": …}`, a rule that does not count in files
 * of that name or path, in which `*` stands for any characters. A document and a memory have a
 * name only; files of a session have a path from the folder of all sessions.
 *
 * @module
 */

import * as v from "valibot";
import { isMissing, SpreadError, systemReason } from "../../errors.ts";
import { readPlainFile } from "./plain_file.ts";
import type { Finding } from "../spans.ts";

/** Name of the file, in the folder of the project. */
export const ALLOW_FILE = ".claude-spread.json";

/** Largest file that is read, in bytes. */
const MAX_BYTES = 256 * 1024;
const MAX_ENTRIES = 1000;

const Entry = v.union([
  v.strictObject({
    sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/i)),
  }),
  v.strictObject({
    rule: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
    path: v.pipe(v.string(), v.minLength(1), v.maxLength(500)),
  }),
]);

const File = v.pipe(
  v.unknown(),
  v.check((value) => !Array.isArray(value)),
  v.object({
    allow: v.optional(v.pipe(v.array(Entry), v.maxLength(MAX_ENTRIES)), []),
  }),
);

/** Findings that do not count. */
export interface Allowed {
  /**
   * Returns the findings that do count.
   *
   * @param path Name of the file that they are in, if it has one.
   */
  without(findings: Finding[], path?: string): Promise<Finding[]>;
}

/**
 * Reads the allow file of a project; `null` when there is none.
 *
 * @throws {SpreadError} `USAGE` when it cannot be read or has another form.
 */
export async function readAllowed(
  projectFolder: string,
): Promise<Allowed | null> {
  const path = `${projectFolder}/${ALLOW_FILE}`;
  const text = await readText(path);
  if (text === null) return null;
  const { success, output, issues } = v.safeParse(File, parsed(text, path));
  if (success) return allowed(output.allow);
  const at = v.getDotPath(issues[0]);
  throw broken(
    path,
    at === null ? "it is not a JSON object" : `"${at}" is not valid`,
  );
}

function allowed(entries: v.InferOutput<typeof Entry>[]): Allowed {
  const hashes = new Set<string>();
  const places: { rule: string; path: string }[] = [];
  for (const entry of entries) {
    if ("sha256" in entry) hashes.add(entry.sha256.toLowerCase());
    else places.push(entry);
  }
  return {
    async without(findings, path) {
      const counting: Finding[] = [];
      for (const finding of findings) {
        const isPlace = path !== undefined &&
          places.some((place) =>
            place.rule === finding.rule && isAt(place.path, path)
          );
        if (isPlace) continue;
        if (hashes.size > 0 && hashes.has(await hashOf(finding.value))) {
          continue;
        }
        counting.push(finding);
      }
      return counting;
    },
  };
}

/** Whether a path, or its last part, fits a pattern with `*`. */
function isAt(pattern: string, path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return fits(pattern, path) || fits(pattern, name);
}

function fits(pattern: string, path: string): boolean {
  const parts = pattern.split("*");
  const first = parts.shift()!;
  const last = parts.pop();
  if (last === undefined) return path === first;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = path.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return path.length - last.length >= at && path.endsWith(last);
}

/** Returns the hash of a value, as the allow file has it. */
export async function hashOf(value: string): Promise<string> {
  const bytes = new TextEncoder().encode(value);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function readText(path: string): Promise<string | null> {
  try {
    const { text, isWhole } = await readPlainFile(path, MAX_BYTES);
    if (!isWhole) throw new RangeError("it is too large");
    return text;
  } catch (error) {
    if (isMissing(error)) return null;
    throw broken(path, systemReason(error)?.why ?? (error as Error).message);
  }
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw broken(path, `it is not JSON: ${(error as Error).message}`);
  }
}

function broken(path: string, why: string): SpreadError {
  return new SpreadError(
    "USAGE",
    `Cannot use "${path}": ${why}`,
    'Its form is {"allow": [{"sha256": "…"}, {"rule": "…", "path": "…"}]}; correct it or move it away',
  );
}
