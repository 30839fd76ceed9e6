/**
 * Small JSON files that we wrote, and that anyone may have changed since.
 *
 * @module
 */

import * as v from "valibot";

/**
 * Reads a file; `null` when it is missing, cannot be read, is larger than `maxBytes`, or does
 * not fit `schema`.
 */
export async function readJsonFile<const Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
  maxBytes: number,
): Promise<v.InferOutput<Schema> | null> {
  try {
    if ((await Deno.stat(path)).size > maxBytes) return null;
    const value = JSON.parse(await Deno.readTextFile(path));
    const { success, output } = v.safeParse(schema, value);
    return success ? output : null;
  } catch {
    return null;
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
  const path = `${folder}/${name}`;
  const temporary = `${path}.${crypto.randomUUID()}.new`;
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const text = JSON.stringify(value, null, 2) + "\n";
    await Deno.writeTextFile(temporary, text, { createNew: true, mode: 0o600 });
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
