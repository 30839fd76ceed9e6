/**
 * Guesses: counts wrong passphrases, and refuses further ones beyond the limits. An attacker
 * can guess only online, at one guess for each connection. See docs/protocol.md, section 4.5.
 *
 * @module
 */

import { networkKey } from "../../admission/network_key.ts";
import { SpreadError } from "../../errors.ts";

/** Most wrong passphrases for each share from one network: an IPv4 address or a /64 of IPv6. */
export const MAX_GUESSES_PER_ADDRESS = 3;

/** Most wrong passphrases for each share in total, or for each run of a receiver. */
export const MAX_GUESSES_IN_TOTAL = 10;

/** Counts the wrong guesses at one share, by network and in total. */
export class GuessLedger {
  readonly #byKey = new Map<string, number>();
  #total = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Number of wrong guesses so far. */
  get total(): number {
    return this.#total;
  }

  /** Whether the share accepts no guess from anybody any more. */
  get isExhausted(): boolean {
    return this.#total >= MAX_GUESSES_IN_TOTAL;
  }

  /** Number of wrong guesses from the network of `address` so far. */
  count(address: string): number {
    return this.#byKey.get(networkKey(address)) ?? 0;
  }

  /** Whether the share accepts no further guess from the network of `address`. */
  isRefused(address: string): boolean {
    return this.isExhausted || this.count(address) >= MAX_GUESSES_PER_ADDRESS;
  }

  /**
   * Checks one guess and counts it if it is wrong.
   *
   * Guesses are checked one after another, so that many connections at once get no more
   * guesses than one.
   *
   * @param check Checks the proof; resolves to whether it is right.
   * @returns Whether the guess was right.
   * @throws {SpreadError} `TOO_MANY_GUESSES`, without checking, once a limit is reached.
   */
  attempt(address: string, check: () => Promise<boolean>): Promise<boolean> {
    const attempt = this.#last.then(async () => {
      if (this.isRefused(address)) throw tooManyGuesses();
      const isRight = await check();
      if (!isRight) this.#countWrong(address);
      return isRight;
    });
    this.#last = attempt.catch(() => {});
    return attempt;
  }

  #countWrong(address: string): void {
    this.#total++;
    this.#byKey.set(networkKey(address), this.count(address) + 1);
  }
}

/** Error for a peer that has used up its guesses. */
export function tooManyGuesses(): SpreadError {
  return new SpreadError(
    "TOO_MANY_GUESSES",
    "The share accepts no more passphrases from this receiver: too many were wrong",
    "Ask the sender to share again, with a new passphrase",
  );
}

/** The error of {@linkcode passphraseRefused} where the secret is that of a pair. */
export function pairRefused(cause?: unknown): SpreadError {
  return new SpreadError(
    "PASSPHRASE_REFUSED",
    "Cannot confirm the other side: it does not have the key of this pair, or someone is interfering",
    "Try again; if that does not help, pair the two machines again with claude-spread pair",
    { cause },
  );
}

/** Error for a wrong passphrase and for a man in the middle alike, so that nothing leaks. */
export function passphraseRefused(cause?: unknown): SpreadError {
  return new SpreadError(
    "PASSPHRASE_REFUSED",
    "Cannot confirm the other side: its passphrase is different, or someone is interfering",
    "Compare the passphrase with the other side, letter by letter, and the address too if you gave one, and try again",
    { cause },
  );
}
