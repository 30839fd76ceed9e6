/**
 * The command lines of `status` and `stop`, which are about one's own shares.
 *
 * @module
 */

import { parseFlags, refuseMore } from "./_options.ts";
import { usage } from "../lib/errors.ts";
import type { TypedWords } from "./_typed.ts";

/** Options of `status`. */
export interface StatusOptions {
  help: boolean;
}

/** Options of `stop`. */
export interface StopOptions {
  help: boolean;
  /** The folder where what was typed in Claude Code is kept. */
  typed?: string;
  all: boolean;
  /** Which share; absent: the only one. */
  id?: string;
}

/**
 * Reads the arguments of `status`.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function parseStatusArgs(args: string[]): StatusOptions {
  const flags = parseFlags(args, { boolean: ["help", "json"], string: [] });
  refuseMore(flags.positional);
  return { help: flags.has("help") };
}

/**
 * Reads the arguments of `stop`.
 *
 * @param words What was typed.
 * @throws {SpreadError} `USAGE`.
 */
export function parseStopArgs(
  args: string[],
  words?: TypedWords,
): StopOptions {
  const flags = parseFlags([...words?.args ?? [], ...args], {
    boolean: ["help", "json", "all"],
    string: ["typed"],
  });
  const typed = words?.passphrase ?? null;
  const [id, ...rest] = [...typed === null ? [] : [typed], ...flags.positional];
  refuseMore(rest);
  if (id !== undefined && flags.has("all")) {
    throw usage("An ID and --all do not go together", "Use one of them");
  }
  return {
    help: flags.has("help"),
    typed: flags.get("typed"),
    all: flags.has("all"),
    id,
  };
}
