/**
 * Checks a folder of ours: its owner and rights, links on the way, and whether it can be written to.
 * It writes nothing for that.
 *
 * @module
 */

import { statfsSync } from "node:fs";
import { lstatIfThere } from "../../../lib/files/obstacles.ts";
import { formatBytes, formatPath } from "../../cli/screen/format.ts";
import type { Finding } from "../finding.ts";
import type { FoundFolder } from "../found.ts";

/** Space on the disk below which there is a hint, in bytes. */
const LITTLE_SPACE_BYTES = 100_000_000;

/** Most folders in a folder that are looked at. */
const MAX_FOLDERS = 100;

/** Says what is wrong with a folder. */
export async function checkFolder(
  check: "state" | "cache",
  path: string,
  found: FoundFolder,
): Promise<Finding> {
  const fields = { path, real: found.real };
  const finding = (
    state: Finding["state"],
    text: string,
    todo?: string,
  ): Finding => ({
    check,
    state,
    text: `${path}${text}`,
    todo,
    fields,
  });
  const info = await statIfPossible(path);
  if (info === "unreadable") {
    return finding("unknown", ": it may not be looked at");
  }
  if (info !== null && !info.isDirectory) {
    return finding("wrong", " is not a folder", "Move it away");
  }
  const problem = info === null ? null : await problemOf(path, info);
  if (problem !== null) return finding("wrong", problem.text, problem.todo);
  if (found.closed !== undefined) {
    const todo = `Check the rights of ${
      formatPath(found.closed)
    }, and whether its disk is read-only`;
    return finding("wrong", ": cannot be written to", todo);
  }
  if (info === null) return finding("ok", " does not exist yet");
  const space = freeSpace(path);
  if (space !== null && space < LITTLE_SPACE_BYTES) {
    return finding("hint", `: only ${formatBytes(space)} are free there`);
  }
  const rights = Deno.build.os === "windows"
    ? ": its rights are not checked on Windows"
    : ": yours alone";
  const free = space === null ? "" : `, ${formatBytes(space)} free`;
  if (found.real !== undefined && found.real !== path) {
    const text = `${rights}${free}; links lead to ${found.real}`;
    return finding("hint", text, "Nothing, if those links are yours");
  }
  return finding("ok", rights + free);
}

async function statIfPossible(
  path: string,
): Promise<Deno.FileInfo | null | "unreadable"> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? null : "unreadable";
  }
}

/** What is wrong with the rights of a folder, or of a folder in it; `null` if nothing is. */
async function problemOf(
  path: string,
  info: Deno.FileInfo,
): Promise<{ text: string; todo: string } | null> {
  const own = wrongRights(path, info);
  if (own !== null) return { ...own, text: ` ${own.text}` };
  let count = 0;
  try {
    for await (const { name, isFile } of Deno.readDir(path)) {
      if (isFile || ++count > MAX_FOLDERS) continue;
      const inside = `${path}/${name}`;
      const there = await lstatIfThere(inside);
      if (there === null || there.isSymlink) continue;
      const wrong = wrongRights(inside, there);
      if (wrong !== null) {
        return { ...wrong, text: `: "${name}" in it ${wrong.text}` };
      }
    }
  } catch {
    const todo = `chmod 700 ${formatPath(path)}`;
    return { text: ": cannot be read", todo };
  }
  return null;
}

function wrongRights(
  path: string,
  { uid, mode }: Deno.FileInfo,
): { text: string; todo: string } | null {
  // Windows has neither user IDs nor modes.
  if (Deno.build.os === "windows" || uid === null || mode === null) return null;
  if (uid !== Deno.uid()) {
    return {
      text: `belongs to another user (${uid})`,
      todo: `Find out why, then: sudo chown -R "$USER" ${formatPath(path)}`,
    };
  }
  if ((mode & 0o077) === 0) return null;
  const rights = (mode & 0o777).toString(8).padStart(3, "0");
  return {
    text: `is open to other users (mode ${rights})`,
    todo: `chmod 700 ${formatPath(path)}`,
  };
}

/** Free space on the disk of a folder, in bytes; `null` where the system does not tell. */
function freeSpace(path: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return null;
  }
}
