/**
 * Small JSON files that we wrote, and that anyone may have changed since.
 *
 * @module
 */

import * as v from "valibot";
import { isMissing } from "../errors.ts";

/**
 * Reads a file; `null` when it is missing, larger than `maxBytes`, or does not fit `schema`.
 *
 * @throws The system's error when it cannot be read.
 */
export async function readJsonFile<const Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
  maxBytes: number,
): Promise<v.InferOutput<Schema> | null> {
  const text = await readBounded(path, maxBytes);
  const { success, output } = v.safeParse(schema, parsed(text));
  return success ? output : null;
}

/** The text of a file; `null` when it is missing or too large. */
async function readBounded(
  path: string,
  maxBytes: number,
): Promise<string | null> {
  try {
    if ((await Deno.stat(path)).size > maxBytes) return null;
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** A text as JSON; `undefined` when it is none. */
function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Writes a file of mode 0600, whole or not at all.
 *
 * @param folder Folder of the file; created with mode 0700 if it is missing.
 * @throws The system's error.
 */
export async function writeJsonFile(
  folder: string,
  name: string,
  value: unknown,
): Promise<void> {
  await writeWhole(folder, name, JSON.stringify(value, null, 2) + "\n");
}

/** The same for a text that is not JSON. */
export async function writeWhole(
  folder: string,
  name: string,
  text: string,
): Promise<void> {
  const path = `${folder}/${name}`;
  const temporary = `${path}.${crypto.randomUUID()}.new`;
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(temporary, text, { createNew: true, mode: 0o600 });
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
