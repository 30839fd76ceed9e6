/** Typed front of `@std/cli/parse-args`. @module */

import { parseArgs as untyped } from "deno-std/cli/parse_args.js";

/** The options of `parseArgs` that this project uses. */
export interface ParseOptions {
  boolean?: readonly string[];
  string?: readonly string[];
  alias?: Record<string, string>;
  /** Called for each undeclared flag; returning `false` drops it. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Flags by name, positional arguments under `_`. */
export type ParsedArgs = Record<string, unknown> & {
  _: (string | number)[];
};

/** Splits a command line into flags and positional arguments. */
export const parseArgs: (
  args: readonly string[],
  options: ParseOptions,
) => ParsedArgs = untyped;
