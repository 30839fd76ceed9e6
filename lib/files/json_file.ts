/**
 * Small JSON files that we wrote, and that anybody may have changed since.
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
