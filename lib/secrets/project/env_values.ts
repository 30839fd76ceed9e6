/**
 * The literal values of a project's `.env` files, as far as they may be secret.
 *
 * @module
 */

import { isMissing, SpreadError, systemReason } from "../../errors.ts";
import { isRandom, isWeak } from "../rules/likeness.ts";
import { isExample, isSequence } from "../rules/example_values.ts";
import { readPlainFile } from "./plain_file.ts";

/** Length of the shortest and the longest value that counts, in UTF-16 units. */
const MIN_LENGTH = 8;
const MAX_LENGTH = 4096;

/** Most bytes that are read of a file. */
const MAX_BYTES = 1024 * 1024;

/** Most files of a project, examples too, and most values in them. */
const MAX_FILES = 100;
const MAX_VALUES = 5000;

const ENV_FILE = /^\.env(?:\.[\w.-]{1,100})?$/;
/** Files that hold no values of a person: examples, and encrypted ones. */
const EXAMPLE_FILE = /\.(?:example|sample|template|tmpl|dist|defaults?|vault)$/;

/** A name and its value: in quotes, where it may go over several lines, or to the end of its line. */
const LINE =
  /^[ \t]{0,20}(?:export[ \t]{1,20})?(?<name>[A-Za-z_][\w.-]{0,200})(?:[ \t]{0,20}=|:(?=[ \t]))[ \t]{0,20}(?:(?:"(?<double>(?:[^"\\]|\\[^]){0,16000})"|(?<quote>['`])(?<single>(?:(?!\k<quote>)[^]){0,16000})\k<quote>)(?=[ \t]{0,20}(?:#|$))|(?<bare>[^\r\n]*))/gm;

/** Names whose values are not secret, unless a generator made them. */
const OPEN_NAME =
  /(?:^|_)(?:name|user|username|host|hostname|domain|origin|port|region|zone|db|database|bucket|queue|topic|table|env|environment|mode|level|version|image|tag|from|to|mail|email|locale|lang|tz|timezone|path|dir|file|driver|engine|stage|prefix|namespace|url|uri|endpoint|schedule|title|theme|log|debug|format|type)s?$/i;

/** Names whose values are secret even when they are plain words. */
const SECRET_NAME = /pass|pwd|secret|token|key|cred|auth|salt|pin/i;

/** Names whose values are secret whatever they look like. */
const PASSWORD_NAME =
  /(?:pass(?:wor[dt]|wd|phrase|code)?|pwd|pin|secret)(?:_?\d)?$/i;

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
 * Links count, because some people keep these files elsewhere. Files that cannot be read are
 * left out, and so is the part of a file after its first {@linkcode MAX_BYTES}: no device, no
 * pipe and no large file keeps a command from its work.
 *
 * @param listed Names of files in the folder, for a command that may not look into it.
 * @throws {SpreadError} `USAGE` when there are more files or values than are read.
 */
export async function readEnvValues(
  projectFolder: string,
  listed?: readonly string[],
): Promise<string[]> {
  const values = new Set<string>();
  for (
    const file of envFiles(
      projectFolder,
      listed ?? await namesIn(projectFolder),
    )
  ) {
    const text = await readText(`${projectFolder}/${file}`);
    for (const { groups } of text.matchAll(LINE)) {
      if (values.size >= MAX_VALUES) {
        throw tooMany(projectFolder, `${MAX_VALUES} values in .env files`);
      }
      const name = groups!.name!;
      for (const value of writtenValues(name, groups!)) {
        for (const secret of secretsOf(name, value)) values.add(secret);
      }
    }
  }
  return [...values];
}

function envFiles(folder: string, names: readonly string[]): string[] {
  const files = names.filter((name) => ENV_FILE.test(name));
  if (files.length > MAX_FILES) {
    throw tooMany(folder, `${MAX_FILES} .env files`);
  }
  return files.filter((name) => !EXAMPLE_FILE.test(name));
}

/** The error for more than is read: a part of the secrets would not be searched for. */
function tooMany(folder: string, what: string): SpreadError {
  return new SpreadError(
    "USAGE",
    `Cannot read all secrets of "${folder}": it has more than ${what}`,
    "Move away those that are not used, or add --keep-secrets to share without a search",
  );
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

/** A value as it is written and as programs read it, and each line of a longer secret. */
function writtenValues(
  name: string,
  { double, single, bare }: Record<string, string | undefined>,
): Set<string> {
  const value = double ?? single ?? unquoted(bare!.trimEnd());
  const read = single === undefined ? unescaped(value) : value;
  const lines = SECRET_NAME.test(name) ? read.split(/\r?\n/) : [];
  // The first and the last of a key are in every key.
  return new Set([value, read, ...lines.filter((line) => !/^--/.test(line))]);
}

/** A value whose quotes, if it has any, do not end with it. */
function unquoted(value: string): string {
  const end = value.indexOf(value[0] ?? "", 1);
  if (/^["'`]/.test(value) && end > 0) return value.slice(1, end);
  return value.replace(/[ \t]#.*$/, "").trimEnd();
}

const CONTROLS: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

function unescaped(value: string): string {
  return value.replace(/\\([^])/g, (_, sign) => CONTROLS[sign] ?? sign);
}

/** The parts of a value that are secret. */
function secretsOf(name: string, value: string): string[] {
  const url = URL.exec(value);
  const secret = url === null ? value : url[1] ?? "";
  if (secret.length < MIN_LENGTH || secret.length > MAX_LENGTH) return [];
  if (isExample(secret) || isWeak(secret) && !hasNumber(secret)) return [];
  const isPassword = PASSWORD_NAME.test(name) && !isSequence(secret);
  const isOpen = OPEN_VALUE.test(secret) && !isPassword ||
    PLAIN_WORD.test(secret) && !SECRET_NAME.test(name) ||
    url === null && OPEN_NAME.test(name);
  if (isOpen && !isRandom(secret)) return [];
  return url === null ? [secret] : [secret, decoded(secret)];
}

/** Whether a number that nobody would try first is in a value. */
function hasNumber(value: string): boolean {
  const digits = value.replace(/\D/g, "");
  return digits.length >= 6 && !isExample(digits) && !isSequence(digits);
}

function decoded(secret: string): string {
  try {
    return decodeURIComponent(secret);
  } catch {
    return secret;
  }
}
