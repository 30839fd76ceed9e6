/**
 * Addresses of senders, as people type them.
 *
 * @module
 */

import { usage } from "../../lib/errors.ts";

/** Hint for users whose shell split their passphrase into several words. */
export const QUOTE_HINT = "Put quotes around a passphrase with spaces";

/**
 * Reads `host:port`, with brackets around an IPv6 address.
 *
 * @throws {SpreadError} `USAGE`.
 */
export function parseAddress(text: string): { hostname: string; port: number } {
  const match = /^(?:\[([0-9a-f:.]+(?:%[\w.-]+)?)\]|([^:\s[\]]+)):(\d{1,5})$/i
    .exec(text);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65_535) {
    throw usage(
      `"${text}" is not host:port`,
      "Write 192.168.1.5:41234, or [fe80::1%eth0]:41234 for IPv6. " +
        QUOTE_HINT,
    );
  }
  return { hostname: (match[1] ?? match[2])!, port };
}
