/**
 * The scanner of a project: it knows the values of its `.env` files and the false alarms that its
 * allow file names.
 *
 * @module
 */

import {
  ALLOW_FILE,
  type Allowed,
  readAllowed,
} from "../../../lib/secrets/project/allow.ts";
import { readEnvValues } from "../../../lib/secrets/project/env_values.ts";
import { openScanner, type Scanner } from "../../../lib/secrets/scanner.ts";

/** A scanner that counts what the project's allow file lets pass. */
export interface ProjectScanner extends Scanner {
  /** Places so far that the allow file lets pass. */
  readonly allowed: number;
}

/**
 * Opens the scanner of a project.
 *
 * @param parts Folders in it that the command may read, whose `.env` files count as well.
 * @throws {SpreadError} `USAGE` when the allow file cannot be used, or there are more `.env` files,
 * or values in them, than are read.
 */
export async function openProjectScanner(
  folder: string,
  parts: readonly string[] = [],
): Promise<ProjectScanner> {
  const listed = await listedFiles(folder);
  const [allow, ...found] = await Promise.all([
    listed === undefined || listed.includes(ALLOW_FILE)
      ? readAllowed(folder)
      : null,
    readEnvValues(folder, listed),
    ...parts.map((part) => readEnvValues(part)),
  ]);
  const values = found.flat();
  let allowed = 0;
  const counting: Allowed | null = allow && {
    async without(findings, path) {
      const left = await allow.without(findings, path);
      allowed += findings.length - left.length;
      return left;
    },
  };
  const { scan } = openScanner({ values, allow: counting });
  return {
    scan,
    get allowed() {
      return allowed;
    },
  };
}

/**
 * The names of these files that the launcher has listed, where it does not let the command look
 * into the folder; `undefined` where the command may.
 */
async function listedFiles(folder: string): Promise<string[] | undefined> {
  const { state } = await Deno.permissions.query({
    name: "read",
    path: folder,
  });
  if (state === "granted") return undefined;
  return (Deno.env.get("CLAUDE_SPREAD_ENV_FILES") ?? "").split("\n");
}
