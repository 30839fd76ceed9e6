/**
 * The meaning of the command line of `relay --check`.
 *
 * @module
 */

import { type Flags, type ReadEnv, refuseMore } from "../cli/flags.ts";
import { namedRelay } from "../cli/relay_url.ts";

/** Options of `relay --check`. */
export interface RelayCheckOptions {
  /** Address of the relay; not checked yet. */
  relay: string;
  /** Whether the relay may be reached without TLS. */
  insecureRelay: boolean;
}

/**
 * Reads the options, including `--check`.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function parseRelayCheckArgs(
  flags: Flags,
  env: ReadEnv,
): RelayCheckOptions {
  // The address need not follow the option directly.
  const [named = "", ...rest] = [
    flags.optional("check"),
    ...flags.operands,
  ].filter((text) => text !== "");
  refuseMore(rest);
  return {
    relay: namedRelay(named, env),
    insecureRelay: flags.has("insecureRelay"),
  };
}
