/**
 * The literal values of a project's `.env` files, as far as they may be secret.
 *
 * @module
 */

import { isMissing, systemReason } from "../errors.ts";
import { isRandom, isWeak } from "./rules/likeness.ts";
import { isExample } from "./rules/example_values.ts";
import { readPlainFile } from "./plain_file.ts";

/** Length of the shortest and the longest value that counts, in UTF-16 units. */
const MIN_LENGTH = 8;
const MAX_LENGTH = 4096;

/** Most bytes that are read of a file. */
const MAX_BYTES = 1024 * 1024;
const MAX_FILES = 100;
const MAX_VALUES = 5000;

const ENV_FILE = /^\.env(?:\.[\w.-]{1,100})?$/;
/** Files that hold no values of a person: examples, and encrypted ones. */
const EXAMPLE_FILE = /\.(?:example|sample|template|tmpl|dist|defaults?|vault)$/;

const LINE =
  /^[ \t]{0,20}(?:export[ \t]{1,20})?([A-Za-z_][\w.-]{0,200})[ \t]{0,20}=[ \t]{0,20}([^\r\n]*)/gm;

/** Names whose values are not secret, unless a generator made them. */
const OPEN_NAME =
  /(?:^|_)(?:name|user|username|host|hostname|domain|origin|port|region|zone|db|database|bucket|queue|topic|table|env|environment|mode|level|version|image|tag|from|to|mail|email|locale|lang|tz|timezone|path|dir|file|driver|engine|stage|prefix|namespace|url|uri|endpoint|schedule|title|theme|log|debug|format|type)s?$/i;

/** Names whose values are secret even when they are plain words. */
const SECRET_NAME = /pass|pwd|secret|token|key|cred|auth|salt|pin/i;

const PLAIN_WORD = /^[a-z]{1,40}$/i;

/** Values that are not secret under any name: numbers, hosts, paths, times. */
const OPEN_VALUE =
  /^(?:[\d.,:_ -]{1,40}|[a-z]{2}(?:-[a-z]{1,20}){1,2}-\d|[\w.-]{1,100}@[\w.-]{1,100}|[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}(?::\d{1,5})?|(?:\.{0,2}|~|[A-Za-z]:)[/\\].{0,4000}|\d{1,6} ?(?:ms|s|m|h|d|kb|mb|gb))$/i;

/** The password of a URL, the only part of it that is secret. */
const URL =
  /^[a-z][a-z0-9+.-]{0,30}:\/\/(?:[^\s:/?#@]{0,200}:([^\s/@]{1,200})@)?/i;

/**
 * Reads the values of `.env` and `.env.*` in a project's folder, as far as they may be secret.
 *
 * Links count, because some people keep these files elsewhere. What cannot be read is left out, and
 * so is what follows the first {@linkcode MAX_BYTES} of a file: no device, no pipe and no
 * large file keeps a command from its work.
 *
 * @param listed Names of files in the folder, for a command that may not look into it.
 */
export async function readEnvValues(
  projectFolder: string,
  listed?: readonly string[],
): Promise<string[]> {
  const values = new Set<string>();
  for (const file of envFiles(listed ?? await namesIn(projectFolder))) {
    const text = await readText(`${projectFolder}/${file}`);
    for (const [, name, value] of text.matchAll(LINE)) {
      if (values.size >= MAX_VALUES) break;
      const secret = secretOf(name!, unquoted(value!.trimEnd()));
      if (secret !== null) values.add(secret);
    }
  }
  return [...values];
}

function envFiles(names: readonly string[]): string[] {
  return names
    .filter((name) => ENV_FILE.test(name) && !EXAMPLE_FILE.test(name))
    .sort().slice(0, MAX_FILES);
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (name.startsWith(".env")) names.push(name);
    }
  } catch (error) {
    if (!isUnreadable(error)) throw error;
  }
  return names;
}

async function readText(path: string): Promise<string> {
  try {
    return (await readPlainFile(path, MAX_BYTES)).text;
  } catch (error) {
    if (error instanceof RangeError || isUnreadable(error)) return "";
    throw error;
  }
}

function isUnreadable(error: unknown): boolean {
  return isMissing(error) || systemReason(error) !== null ||
    error instanceof Deno.errors.PermissionDenied;
}

function unquoted(value: string): string {
  const end = value.indexOf(value[0] ?? "", 1);
  if (/^["'`]/.test(value) && end > 0) return value.slice(1, end);
  return value.replace(/[ \t]#.*$/, "").trimEnd();
}

/** The part of a value that is secret; `null` when none is. */
function secretOf(name: string, value: string): string | null {
  const url = URL.exec(value);
  const secret = url === null ? value : url[1] ?? "";
  if (secret.length < MIN_LENGTH || secret.length > MAX_LENGTH) return null;
  if (isExample(secret) || isWeak(secret)) return null;
  const isOpen = OPEN_VALUE.test(secret) ||
    PLAIN_WORD.test(secret) && !SECRET_NAME.test(name) ||
    url === null && OPEN_NAME.test(name);
  return isOpen && !isRandom(secret) ? null : secret;
}
