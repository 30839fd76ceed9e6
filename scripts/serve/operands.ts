/**
 * The operands of `serve`: FILE alone, or a passphrase and FILE.
 *
 * A passphrase is never taken from a name that is there: whoever names two files means both.
 * What may be a passphrase is not repeated in an error.
 *
 * @module
 */

import { SpreadError, usage } from "../../lib/errors.ts";
import { formatPath } from "../cli/screen/format.ts";

/** The facts by which operands are told apart. */
export interface OperandPlace {
  isFile(path: string): boolean;
  isFolder(path: string): boolean;
  /** Whether standard input is anything but a terminal. */
  readonly isPiped: boolean;
}

/** The operands by their meaning. */
export interface ServeOperands {
  /** Absent when it has to come from elsewhere. */
  passphrase?: string;
  /** Path of the payload; `-` for standard input. */
  file: string;
}

/** The facts of the current folder and of this process. */
export const HERE: OperandPlace = {
  isFile: (path) => lookAt(path)?.isFile ?? false,
  isFolder: (path) => lookAt(path)?.isDirectory ?? false,
  get isPiped() {
    return !Deno.stdin.isTerminal();
  },
};

function lookAt(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    // It is missing, or may not be looked at; whoever reads it says why.
    return null;
  }
}

/**
 * Tells the operands apart.
 *
 * @throws {SpreadError} `USAGE` for a folder, for several files, and for none when standard
 *   input is a terminal.
 */
export function readServeOperands(
  operands: string[],
  place: OperandPlace,
): ServeOperands {
  const there = operands.filter((operand) => isThere(operand, place));
  if (operands.length > 2) throw there.length > 1 ? several(there) : tooMany();
  const [first, second] = operands;
  if (first === undefined && !place.isPiped) throw missing();
  if (second !== undefined && isThere(first!, place)) {
    throw there.length > 1 ? several(there) : fileFirst(first!);
  }
  const file = second ?? first ?? "-";
  if (file === "") throw nameless();
  if (place.isFolder(file)) throw folder(file);
  return second === undefined ? { file } : { passphrase: first, file };
}

function isThere(operand: string, place: OperandPlace): boolean {
  return operand === "-" || place.isFile(operand) || place.isFolder(operand);
}

function missing(): SpreadError {
  return usage(
    "The file to share is missing",
    "Name it: claude-spread serve FILE; or pipe the text into claude-spread serve -",
  );
}

function nameless(): SpreadError {
  return usage(
    "The name of the file is empty",
    "Write claude-spread serve FILE; if the name is in a variable, check that it is set",
  );
}

function folder(path: string): SpreadError {
  return usage(
    `"${path}" is a folder, and only a file can be shared`,
    `Share one file of it, or all of it as one: tar c ${
      formatPath(path)
    } | claude-spread serve -`,
  );
}

function several(paths: string[]): SpreadError {
  const names = paths.map((path) => `"${path}"`);
  return usage(
    `Only one file can be shared at a time; ${
      names.slice(0, -1).join(", ")
    } and ${names.at(-1)} are named`,
    "Share one after the other, or all as one: cat FILES | claude-spread serve - for texts, " +
      "tar c FILES | claude-spread serve - for anything",
  );
}

function fileFirst(path: string): SpreadError {
  return usage(
    `Only one file can be shared at a time, and something follows "${path}"`,
    "Write a passphrase of your own before the file; if it is also the name of a file, " +
      "give it with --passphrase-file",
  );
}

function tooMany(): SpreadError {
  return usage(
    "Too many arguments: serve takes one file and, before it, at most one passphrase",
    "Put quotes around a passphrase with spaces",
  );
}
