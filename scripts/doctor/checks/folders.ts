/**
 * Checks a folder of ours: its owner and rights, links on the way, and whether it can be written to.
 * It writes nothing for that.
 *
 * @module
 */

import { statfsSync } from "node:fs";
import { normalize } from "@std/path";
import { lstatIfThere } from "../../../lib/files/obstacles.ts";
import { formatBytes, formatPath } from "../../cli/screen/format.ts";
import type { CheckFinding } from "../finding.ts";
import type { FoundFolder } from "../found.ts";

/** Space on the disk below which there is a hint, in bytes. */
const LITTLE_SPACE_BYTES = 100_000_000;

/** Most folders in a folder that are looked at. */
const MAX_FOLDERS = 100;

/** The report on a folder, after its path. */
type Said = Pick<CheckFinding, "state" | "text" | "todo">;

/** Says what is wrong with a folder. */
export async function checkFolder(
  check: "state" | "cache",
  path: string,
  found: FoundFolder,
): Promise<CheckFinding> {
  const said = await describe(path, found);
  const fields = { path, real: found.real };
  return { check, ...said, text: `${path}${said.text}`, fields };
}

async function describe(path: string, found: FoundFolder): Promise<Said> {
  const info = await statIfPossible(path);
  if (info === "unreadable") {
    return { state: "unknown", text: ": this command may not look at it" };
  }
  const problem = await problemOf(path, info, found);
  if (problem !== null) return { state: "wrong", ...problem };
  if (info === null) return { state: "ok", text: " does not exist yet" };
  return await describeSound(path, found);
}

/** Describes a folder with which nothing is wrong. */
async function describeSound(
  path: string,
  { real }: FoundFolder,
): Promise<Said> {
  const space = freeSpace(path);
  const rights = Deno.build.os === "windows"
    ? ": its rights are not checked on Windows"
    : ": only you can read it";
  const text = space === null
    ? rights
    : `${rights}, ${formatBytes(space)} free`;
  const links = await linksIn(path);
  const todo = "Nothing, if those links are yours";
  if (space !== null && space < LITTLE_SPACE_BYTES) {
    return { state: "hint", text, todo: "Free some space" };
  }
  // A path as the user wrote it may have slashes twice, or at its end.
  if (real !== undefined && real !== normalize(path)) {
    return { state: "hint", text: `${text}; links lead to ${real}`, todo };
  }
  if (links.length === 0) return { state: "ok", text };
  const names = links.join(", ");
  return {
    state: "hint",
    text: `${text}; links in it were not followed: ${names}`,
    todo,
  };
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

/** A problem, and the advice about it. */
interface Problem {
  text: string;
  todo: string;
}

/** The problem with a folder, which need not exist; `null` for none. */
async function problemOf(
  path: string,
  info: Deno.FileInfo | null,
  { closed }: FoundFolder,
): Promise<Problem | null> {
  if (info !== null && !info.isDirectory) {
    return { text: " is not a folder", todo: "Move that file elsewhere" };
  }
  const own = info === null ? null : wrongRights(path, info);
  if (own !== null) return { ...own, text: ` ${own.text}` };
  const inside = info === null ? null : await problemInside(path);
  if (inside !== null || closed === undefined) return inside;
  return {
    text: ": cannot be written to",
    todo: `Check the rights of ${formatPath(closed)}, and whether its disk ` +
      "is read-only",
  };
}

/** The problem with the rights of folders in a folder; `null` for none. */
async function problemInside(path: string): Promise<Problem | null> {
  let count = 0;
  try {
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      if (!isDirectory || ++count > MAX_FOLDERS) continue;
      const inside = `${path}/${name}`;
      const there = await lstatIfThere(inside);
      const wrong = there === null ? null : wrongRights(inside, there);
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

/** Names of links in a folder. */
async function linksIn(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isSymlink } of Deno.readDir(path)) {
    if (isSymlink) names.push(name);
    if (names.length === MAX_FOLDERS) break;
  }
  return names;
}

function wrongRights(
  path: string,
  { uid, mode }: Deno.FileInfo,
): Problem | null {
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
