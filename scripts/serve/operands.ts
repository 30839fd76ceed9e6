/** The operands of `serve`: a passphrase and a file. @module */
import { usage } from "../../lib/errors.ts";
export interface Looking {
  isFile(path: string): boolean;
  isFolder(path: string): boolean;
  isPiped: boolean;
}
export function readServeOperands(
  operands: string[],
  looking: Looking,
): { passphrase?: string; file: string } {
  if (operands.length > 2) {
    throw usage(`Too many arguments: "${operands[2]}"`, "");
  }
  if (operands.length === 2) {
    return { passphrase: operands[0], file: operands[1]! };
  }
  if (operands.length === 0 && !looking.isPiped) {
    throw usage("The file to share is missing", "Name it");
  }
  return { file: operands[0] ?? "-" };
}

function isThere(path: string, sort: "isFile" | "isDirectory"): boolean {
  try {
    return Deno.statSync(path)[sort];
  } catch {
    return false;
  }
}
/** The real file system and standard input. */
export const LOOKING: Looking = {
  isFile: (path) => isThere(path, "isFile"),
  isFolder: (path) => isThere(path, "isDirectory"),
  isPiped: !Deno.stdin.isTerminal(),
};
