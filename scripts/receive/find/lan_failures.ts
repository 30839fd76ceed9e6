/**
 * Failures of a search on the local network, in words for people.
 *
 * @module
 */

import type { Candidate } from "../../../lib/discovery/mdns.ts";
import { SpreadError, type SpreadErrorCode } from "../../../lib/errors.ts";
import { formatAddress } from "../../../lib/transports/tcp.ts";
import { formatCount } from "../../cli/screen/format.ts";

/** Most shares named in an error. */
const MAX_SHOWN = 5;

/** The reason why a share was not the right one. */
export interface Failure {
  error: SpreadError;
  of: Candidate;
}

/** The order in which a person can do something about an error. */
const MOST_TELLING: SpreadErrorCode[] = [
  "PASSPHRASE_REFUSED",
  "TOO_MANY_GUESSES",
  "SECRET_MISMATCH",
  "LEGACY_PEER",
  "UNREACHABLE",
];

/** The failure that a person can do most about, with the shares that it is of if there are several. */
export function mostTelling(failures: Failure[]): SpreadError | null {
  for (const code of MOST_TELLING) {
    const same = failures.filter(({ error }) => error.code === code);
    if (same.length === 1) return same[0]!.error;
    if (same.length > 1) return ofSeveral(same);
  }
  return failures[0]?.error ?? null;
}

function ofSeveral(failures: Failure[]): SpreadError {
  const { code, message, hint } = failures[0]!.error;
  const shares = failures.map(({ of: { from, instance, addresses, port } }) =>
    `${from ?? instance} at ${formatAddress(addresses[0]!, port)}`
  );
  return new SpreadError(code, `${message}; tried ${listed(shares)}`, hint, {
    cause: failures[0]!.error,
  });
}

/**
 * The error for a search that found no sender.
 *
 * @param search `name`: that of the share, if it was looked for by name; `others`: names of
 * shares that were heard of instead.
 */
export function noSender(
  { timeoutMs, name, others }: {
    timeoutMs: number;
    name: string | undefined;
    others: ReadonlySet<string>;
  },
): SpreadError {
  const what = name === undefined ? "No sender" : `No share "${name}"`;
  const time = formatCount(timeoutMs / 1000, "second");
  const heard = listed([...others].sort().map((one) => `"${one}"`));
  const compare = name === undefined || heard === ""
    ? ""
    : `Compare the first word with the sender's: there are ${heard} here. `;
  return new SpreadError(
    "NO_SENDER",
    `${what} was found on the local network within ${time}`,
    `${compare}Check that the sender is still sharing and that both machines are on the same network ` +
      "(guest Wi-Fi and VPNs often keep machines apart; UDP port 5353 must be open); " +
      "or give the sender's host:port",
  );
}

function listed(shares: string[]): string {
  const more = shares.length - MAX_SHOWN;
  return shares.slice(0, MAX_SHOWN).join(", ") +
    (more > 0 ? ` and ${more} more` : "");
}
