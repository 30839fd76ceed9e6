/**
 * Errors of a search on the local network: selects and words them for people.
 *
 * @module
 */

import type { Candidate } from "../../../lib/discovery/mdns.ts";
import { SpreadError, type SpreadErrorCode } from "../../../lib/errors.ts";
import type { Kind } from "../../../lib/payload.ts";
import { formatAddress } from "../../../lib/transports/tcp.ts";
import { KINDS } from "../../cli/kinds.ts";
import { formatCount } from "../../cli/screen/format.ts";

/** Most shares named in an error. */
const MAX_SHOWN = 5;

/** A share that was tried, and the error that this ended in. */
export interface Failure {
  error: SpreadError;
  /** The share. */
  of: Candidate;
}

/** Errors about which a person can do something, those with most to do first. */
const MOST_TELLING: SpreadErrorCode[] = [
  "PASSPHRASE_REFUSED",
  "TOO_MANY_GUESSES",
  "SECRET_MISMATCH",
  "LEGACY_PEER",
  "NO_ROOM",
  "RELAY_BUSY",
  "UNREACHABLE",
];

/** Errors that are the sender's own answer: other addresses of the same share would not help. */
export const ANSWERS: SpreadErrorCode[] = [
  "PASSPHRASE_REFUSED",
  "SECRET_MISMATCH",
  "TOO_MANY_GUESSES",
  "LEGACY_PEER",
];

/** Returns the error about which a person can do most: the first one where none is known for that. */
export function mostTelling(errors: SpreadError[]): SpreadError | undefined {
  const code = MOST_TELLING.find((one) =>
    errors.some((error) => error.code === one)
  );
  return errors.find((error) => error.code === code) ?? errors[0];
}

/**
 * Returns the error about which a person can do most; it names the shares if several ended in
 * it.
 *
 * @returns `undefined` without failures.
 */
export function explainFailures(failures: Failure[]): SpreadError | undefined {
  const telling = mostTelling(failures.map(({ error }) => error));
  const same = failures.filter(({ error }) => error.code === telling?.code);
  return same.length > 1 ? ofSeveral(same) : telling;
}

function ofSeveral(failures: Failure[]): SpreadError {
  const { code, message, hint } = failures[0]!.error;
  const shares = failures.map(({ of: { from, addresses, port } }) => {
    const address = formatAddress(addresses[0]!, port);
    return from === undefined ? address : `${from} at ${address}`;
  });
  return new SpreadError(code, `${message}; tried ${listed(shares)}`, hint, {
    cause: failures[0]!.error,
  });
}

/** Shares that were announced, but could not be the right one. */
export interface OtherShares {
  /** Names of shares with generated words. */
  names: Set<string>;
  /** Whether any has a room on a relay: such shares announce no name. */
  haveRooms: boolean;
  /** Whether there are senders of protocol 1, which have no names. */
  areOld: boolean;
  /** Kinds of shares without a name, where another kind is wanted. */
  kinds: Set<Kind>;
}

/**
 * Error `NO_SENDER` for a search that found no share to try.
 *
 * @param search `name` is that of the share, if the search was for one.
 */
export function noSender(
  { timeoutMs, name, others }: {
    timeoutMs: number;
    name: string | undefined;
    others: OtherShares;
  },
): SpreadError {
  const what = name === undefined ? "No sender" : `No share "${name}"`;
  const time = formatCount(timeoutMs / 1000, "second");
  return new SpreadError(
    "NO_SENDER",
    `${what} was found on the local network within ${time}`,
    [
      ...(name === undefined ? hintsForOwn(others) : hintsForWords(others)),
      "Check that the sender is still sharing and that both machines are on the same network " +
      "(guest Wi-Fi and VPNs often keep machines apart; UDP port 5353 must be open); " +
      "or add the sender's address (host:port)",
    ].join(". "),
  );
}

/** Hints for a person who gave words. */
function hintsForWords({ names, haveRooms, areOld }: OtherShares): string[] {
  const hints: string[] = [];
  if (names.size > 0) {
    hints.push(
      `Compare the first word with the sender's: the words of shares on this network begin with ${
        quoted(names)
      }`,
    );
  }
  if (haveRooms) {
    hints.push(
      "If the sender uses a relay, type the whole invite, which begins with the room code",
    );
  }
  if (areOld) {
    hints.push(
      "If the sender has the Python version of Claude Spread, ask them to update, or add --legacy " +
        "(anyone who watches the network can then try passphrases offline)",
    );
  }
  return hints;
}

/** Hints for a person who gave a passphrase of their own. */
function hintsForOwn({ names, kinds }: OtherShares): string[] {
  const hints = [...kinds].sort().map((kind) =>
    `Someone on this network shares ${
      KINDS[kind].name
    }: if you want that, use ${KINDS[kind].receive} (--kind ${kind})`
  );
  if (names.size > 0) {
    hints.push(
      `Shares on this network have generated words, which begin with ${
        quoted(names)
      }: if you want one of them, type the words that the sender shows`,
    );
  }
  return hints;
}

function quoted(names: Set<string>): string {
  return listed([...names].sort().map((one) => `"${one}"`));
}

function listed(shares: string[]): string {
  const more = shares.length - MAX_SHOWN;
  return shares.slice(0, MAX_SHOWN).join(", ") +
    (more > 0 ? ` and ${more} more` : "");
}
