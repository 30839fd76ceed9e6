/**
 * JSON files of other programs: bounded, and told apart by what is wrong with them.
 *
 * @module
 */

import { isMissing } from "../../lib/errors.ts";

/** Largest file read, in bytes. */
const MAX_BYTES = 1024 * 1024;

/** A file: its value, or why there is none. */
export type ReadJson =
  | { state: "read"; value: unknown }
  | { state: "missing" }
  | { state: "broken" | "unreadable"; why: string };

/** Reads a file. */
export async function readJson(path: string): Promise<ReadJson> {
  let text: string;
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile) return { state: "unreadable", why: "it is not a file" };
    if (size > MAX_BYTES) {
      return { state: "unreadable", why: "it is too large" };
    }
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (isMissing(error)) return { state: "missing" };
    return { state: "unreadable", why: "it may not be read" };
  }
  try {
    return { state: "read", value: JSON.parse(text.replace(/^\ufeff/, "")) };
  } catch {
    return { state: "broken", why: "it is not JSON" };
  }
}
