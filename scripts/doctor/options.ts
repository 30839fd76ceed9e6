/**
 * The meaning of the command line of `doctor`.
 *
 * @module
 */

import { type Flags, type ReadEnv, refuseMore } from "../cli/flags.ts";
import { namedRelay, parseRelayUrl } from "../cli/relay_url.ts";

/** Options of `doctor`. */
export interface DoctorOptions {
  /** Whether to remove what is left over. */
  cleans: boolean;
  /** The relay to check, as it was named; `undefined` for none. */
  relay?: string;
  insecureRelay: boolean;
  /** The only address of this machine to use. */
  interface?: string;
}

/**
 * Reads the options.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function parseDoctorArgs(flags: Flags, env: ReadEnv): DoctorOptions {
  const isTyped = flags.has("relay");
  const isBare = isTyped && flags.optional("relay") === "";
  // After a bare --relay, a name of a host is meant as its address, and is refused as one.
  const [host = "", ...rest] = isBare
    ? flags.operands
    : ["", ...flags.operands];
  refuseMore(rest);
  const insecureRelay = flags.has("insecureRelay");
  const named = isTyped
    ? namedRelay(flags.optional("relay") || host, env)
    : env("CLAUDE_SPREAD_RELAY") || undefined;
  return {
    cleans: flags.has("clean"),
    // A bad address in the environment is found by the check instead.
    relay: isTyped ? parseRelayUrl(named!, insecureRelay) : named,
    insecureRelay,
    interface: flags.get("interface"),
  };
}
