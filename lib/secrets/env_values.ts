/**
 * The literal values of a project's `.env` files: the secrets of which a machine is sure.
 *
 * @module
 */

import { isMissing } from "../errors.ts";
import { isPlaceholder } from "./placeholder_text.ts";
import { readPlainFile } from "./plain_file.ts";

/** Length of the shortest value that counts, in UTF-16 units. */
const MIN_LENGTH = 8;
const MAX_LENGTH = 16 * 1024;

/** Largest file that is read, in bytes. */
const MAX_BYTES = 1024 * 1024;
const MAX_FILES = 100;
const MAX_VALUES = 5000;

const ENV_FILE = /^\.env(?:\.[\w.-]{1,100})?$/;
/** Files that hold no values of a person: examples, and encrypted ones. */
const EXAMPLE_FILE = /\.(?:example|sample|template|dist|defaults?|vault)$/;

const LINE =
  /^[ \t]{0,20}(?:export[ \t]{1,20})?([A-Za-z_][\w.-]{0,200})[ \t]{0,20}=[ \t]{0,20}(.*)$/gm;

/** Values that many files have and that say nothing. */
const STOP_LIST = new Set([
  "development",
  "production",
  "localhost",
  "disabled",
  "undefined",
  "postgres",
  "password",
]);

/**
 * Reads the values of `.env` and `.env.*` in a project's folder.
 *
 * What cannot be read is left out: no link to a device, no pipe and no file beyond
 * {@linkcode MAX_BYTES} keeps a command from its work.
 *
 * @param listed Names of files in the folder, for a command that may not look into it.
 */
export async function readEnvValues(
  projectFolder: string,
  listed?: readonly string[],
): Promise<string[]> {
  const values = new Set<string>();
  for (const name of envFiles(listed ?? await namesIn(projectFolder))) {
    const text = await readPlainFile(`${projectFolder}/${name}`, MAX_BYTES)
      .catch(() => "");
    for (const [, name, value] of text.matchAll(LINE)) {
      const plain = unquoted(value!);
      if (values.size < MAX_VALUES && isTelling(name!, plain)) {
        values.add(plain);
      }
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
    if (!isMissing(error)) throw error;
  }
  return names;
}

function unquoted(value: string): string {
  const quoted = /^(["'`])(.*?)\1/.exec(value);
  return quoted ? quoted[2]! : value.replace(/[ \t]#.*$/, "").trim();
}

function isTelling(_name: string, value: string): boolean {
  return value.length >= MIN_LENGTH && value.length <= MAX_LENGTH &&
    !STOP_LIST.has(value.toLowerCase()) && !isPlaceholder(value);
}
