/**
 * The command line of `relay --check`.
 *
 * @module
 */

import {
  namedRelay,
  parseFlags,
  type ReadEnv,
  refuseMore,
} from "../cli/flags.ts";

/** Options of `relay --check`. */
export interface RelayCheckOptions {
  help: boolean;
  /** Address of the relay; not checked yet. */
  relay: string;
  /** Whether the relay may be reached without TLS. */
  insecureRelay: boolean;
}

/**
 * Reads the arguments, including `--check`.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function parseRelayCheckArgs(
  args: string[],
  env: ReadEnv,
): RelayCheckOptions {
  const flags = parseFlags(args, {
    boolean: ["help", "json", "insecure-relay"],
    string: ["check"],
  });
  // The address need not follow the option directly.
  const [named = "", ...rest] = [
    flags.optional("check"),
    ...flags.positional,
  ].filter((text) => text !== "");
  refuseMore(rest);
  return {
    help: flags.has("help"),
    relay: namedRelay(named, env),
    insecureRelay: flags.has("insecure-relay"),
  };
}
