/**
 * Makes a pair from the side that types the words of the other machine. See docs/protocol.md,
 * section 14.2.
 *
 * @module
 */

import { SpreadError, usage } from "../../lib/errors.ts";
import type { Pair } from "../../lib/pairs/pair.ts";
import {
  answerPair,
  declinePair,
  receivePair,
  type Side,
} from "../../lib/protocol/pairing.ts";
import type { SecureChannel } from "../../lib/protocol/secure_channel.ts";
import { readSecret, type WordsSecret } from "../../lib/words/read_secret.ts";
import { parseRelayUrl } from "../cli/relay_url.ts";
import { fillRandom } from "../cli/surroundings.ts";
import type { Terminal } from "../cli/terminal.ts";
import { findSender } from "../receive/find/find_sender.ts";
import { placeInvite } from "../receive/invite.ts";
import { keepPair, readName, sayPaired } from "./keep_pair.ts";
import type { PairOptions } from "./options.ts";

/**
 * Finds the machine that shows these words, and becomes a pair with it.
 *
 * @throws {SpreadError} `USAGE` for mistyped words; `DECLINED` for a relay of the other machine's
 *   that this user could not name; the errors of a search, of the handshake, of `receivePair()` and
 *   of `answerPair()`.
 */
export async function typeWords(
  typed: string,
  options: PairOptions,
  ownName: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const words = await readWords(typed);
  const { passphrase, room, address } = await placeInvite(
    words,
    options,
    terminal,
  );
  const dial = {
    secret: passphrase,
    legacy: false,
    isPairing: true,
    fillRandom,
    onIdle: () => {},
    guesses: { spent: 0 },
    signal,
  };
  const { interface: from, timeoutS } = options;
  const place = { address, interface: from, timeoutS };
  const { channel } = await findSender(place, dial, terminal, room)
    .catch(withoutLegacy);
  await using secure = channel as SecureChannel;
  const other = await meet(secure, options.insecureRelay);
  const pair = await join(secure, other, ownName);
  sayPaired(terminal, pair, other.name);
}

/** Rethrows; protocol 1, which an error may suggest, makes no pairs. */
function withoutLegacy(error: unknown): never {
  if (!SpreadError.is(error, "LEGACY_PEER")) throw error;
  throw new SpreadError(
    error.code,
    "The other machine has the Python version of Claude Spread, which cannot make pairs",
    "Update Claude Spread there",
    { cause: error },
  );
}

/** The words in what was typed: a passphrase of a person's own makes no pair. */
async function readWords(typed: string): Promise<WordsSecret> {
  const secret = readSecret(typed);
  if (secret.kind === "words") return secret;
  if (secret.kind === "mistake") {
    const { mistakeError } = await import("../../lib/words/mistakes.ts");
    throw mistakeError({ ...secret, isReserved: true });
  }
  throw usage(
    "These are not the words of a machine that is waiting to be paired",
    "Type the words that claude-spread pair shows there; without words, this command shows some",
  );
}

/** The other machine, with its name cleaned and its relay checked. */
async function meet(
  channel: SecureChannel,
  allowsInsecure: boolean,
): Promise<Side> {
  const { name, relay } = await receivePair(channel);
  try {
    return { name: readName(name), relay: checkRelay(relay, allowsInsecure) };
  } catch (error) {
    await declinePair(channel);
    throw error;
  }
}

/** @throws {SpreadError} `DECLINED` for a relay that this user could not have named. */
function checkRelay(
  relay: string | undefined,
  allowsInsecure: boolean,
): string | undefined {
  if (relay === undefined) return undefined;
  try {
    return parseRelayUrl(relay, allowsInsecure);
  } catch (cause) {
    if (!(cause instanceof SpreadError)) throw cause;
    throw new SpreadError(
      "DECLINED",
      `The other machine names a relay that this one does not accept, so there is no pair: ${cause.message}`,
      cause.hint,
      { cause },
    );
  }
}

async function join(
  channel: SecureChannel,
  { name: wanted, relay }: Side,
  ownName: string,
): Promise<Pair> {
  let kept: Pair;
  try {
    await answerPair(channel, ownName, async (seed) => {
      kept = await keepPair({ wanted, ownName, role: "b", seed, relay });
    });
  } catch (error) {
    throw unsure(error, ownName);
  }
  return kept!;
}

/** Adds to an error that the other machine may have stored the pair, unless it has said otherwise. */
function unsure(error: unknown, ownName: string): unknown {
  if (!(error instanceof SpreadError) || error.code === "DECLINED") {
    return error;
  }
  return new SpreadError(
    error.code,
    `${error.message}; no pair was made here, but the other machine may have stored it`,
    `If claude-spread pairs there lists ${ownName}, forget it there ` +
      "(claude-spread forget NAME), and pair again",
    { cause: error },
  );
}
