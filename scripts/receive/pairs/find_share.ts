/**
 * Finds what one's pairs share, and takes the only one there is, or the one that the user chooses.
 * See docs/protocol.md, section 14.6.
 *
 * @module
 */

import { SpreadError, usage } from "../../../lib/errors.ts";
import type { Offer } from "../../../lib/protocol/transfer/offer.ts";
import { KINDS, unwanted } from "../../cli/kinds.ts";
import type { KnownPair } from "../../cli/pairs/known_pairs.ts";
import { formatCount } from "../../cli/screen/format.ts";
import { noticePath } from "../../cli/surroundings.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { FoundDrop } from "../drops/found_drop.ts";
import { requireInterface, sayNoNetwork } from "../find/find_sender.ts";
import type { BrowseOptions } from "../find/lan_search.ts";
import { mostTelling } from "../find/lan_failures.ts";
import { dialAddress, type DialOptions, type Sender } from "../find/sender.ts";
import { firstWordMs, type ReceiveOptions } from "../options.ts";
import { lookOnLan } from "./lan_shares.ts";
import type { RelayShareOptions } from "./relay_shares.ts";
import { OfferSearch, type SearchOutcome } from "./offers.ts";
import {
  isSame,
  noLongerShared,
  ofPair,
  type WaitingOffer,
} from "./waiting_offer.ts";

/** A sender, and the offer that was read from it; or a drop. */
export type FoundShare = { sender: Sender; offer: Offer } | { drop: FoundDrop };

const loadRelays = () => import("./relay_shares.ts");

/** The search for what one's pairs share. */
export interface PairSearch {
  pairs: readonly KnownPair[];
  options: ReceiveOptions;
  dial: Omit<DialOptions, "secret">;
  terminal: Terminal;
  /** Folder of partial payloads. */
  folder: string;
}

/**
 * Finds the share to take.
 *
 * @returns `null` when the user was asked, and wants none.
 * @throws {SpreadError} `USAGE` when `interface` is not an address of this machine; `NO_SENDER` when
 *   nothing is found in time; `NOT_AGREED` when there are
 *   several and nobody can be asked; `PAYLOAD_UNWANTED` when there are only other kinds; those of a
 *   connection; the reason of the signal.
 */
export async function findShare(
  asked: PairSearch,
): Promise<FoundShare | null> {
  const { options, terminal, dial } = asked;
  await requireInterface(options);
  // What it says is out of date once the user looks.
  await Deno.remove(noticePath()).catch(() => {});
  if (options.address !== undefined) return await findAt(asked);
  const { from, kind } = options;
  const relay = relaying(asked);
  const where = relay === null ? "" : " and at the relay";
  terminal.say(
    `looking for what ${namesOf(asked)} shares on the local network${where}`,
  );
  if (terminal.hasScreen && from === undefined) {
    terminal.remark(
      "if the other machine shows words, type them after claude-spread receive",
    );
  }
  using search = new OfferSearch({
    isWanted: (offer) => kind === undefined || offer.kind === kind,
    needed: from?.number ?? 1,
    timeoutMs: options.timeoutS * 1000,
    signal: dial.signal,
  });
  const ways = [search.on(onLan(asked, search))];
  if (relay !== null) ways.push(search.on(atRelays(asked, search, relay)));
  const outcome = await search.outcome();
  await Promise.all(ways);
  try {
    const found = await choose(asked, search, outcome);
    return found && await followed(found, asked, relay);
  } finally {
    await search.left();
  }
}

/** Options for asking relays; `null` when no pair has one. */
function relaying(
  { pairs, options, dial, terminal, folder }: PairSearch,
): RelayShareOptions | null {
  if (pairs.every(({ pair }) => pair.relay === undefined)) return null;
  return {
    dial,
    terminal,
    folder,
    timeoutMs: firstWordMs(options),
    onFound: (pair) =>
      terminal.say(`found ${pair} at the relay`, "peer", { pair }),
    onUnusable: ({ message }, isForGood) =>
      terminal.warn(
        `${message}: only the local network is searched${
          isForGood ? "" : " until it answers"
        }`,
      ),
  };
}

async function atRelays(
  { pairs }: PairSearch,
  search: OfferSearch,
  how: RelayShareOptions,
): Promise<void> {
  const [{ byRelay }, { lookAtRelay }] = await Promise.all([
    import("../../cli/pairs/at_relay.ts"),
    loadRelays(),
  ]);
  const ways = byRelay(pairs).map(([url, group]) =>
    search.on(lookAtRelay(url, group, search, how))
  );
  await Promise.all(ways);
}

/** A share that was found on the local network, and is followed into its room after a cut. */
async function followed(
  found: FoundShare,
  { pairs }: PairSearch,
  how: RelayShareOptions | null,
): Promise<FoundShare> {
  if ("drop" in found) return found;
  const { sender, offer } = found;
  const known = pairs.find(({ pair }) => pair.name === sender.pair)!;
  if (how === null || offer.room === undefined) return { sender, offer };
  const { alsoAtRelay } = await loadRelays();
  return { sender: alsoAtRelay(sender, known, offer, how), offer };
}

function onLan(
  { pairs, options, dial, terminal }: PairSearch,
  search: OfferSearch,
): Promise<void> {
  const where: BrowseOptions = {
    interface: options.interface,
    timeoutMs: options.timeoutS * 1000,
    onCandidate: (instance, pair) =>
      terminal.say(`found ${pair}`, "peer", { instance, pair }),
    onNoNetwork: () => sayNoNetwork(terminal),
  };
  const onDouble = (pair: string) =>
    terminal.warn(
      `another machine also uses this machine's half of the pair "${pair}", which was copied there, ` +
        "for example with a home folder. If you did not mean that, forget the pair and pair again",
    );
  return lookOnLan(pairs, search, { dial, where, onDouble });
}

/** The share at an address that was given, of the pair that was named. */
async function findAt(
  { pairs: [known, ...others], options, dial }: PairSearch,
): Promise<FoundShare> {
  if (known === undefined || others.length > 0) {
    throw usage("An address needs words, or --from and the name of a pair", "");
  }
  const { readOffer } = await import("../find/read_offer.ts");
  const how = { ...dial, secret: known.key };
  const dialed = await dialAddress([options.address!], how, 2);
  const sender = ofPair(dialed, known.pair.name);
  return { sender, offer: (await readOffer(sender))! };
}

async function choose(
  asked: PairSearch,
  search: OfferSearch,
  outcome: SearchOutcome,
): Promise<FoundShare | null> {
  const { options: { from }, dial, terminal } = asked;
  const { offers } = outcome;
  if (offers.length < (from?.number ?? 1)) {
    for (const one of offers) search.leave(one);
    throw whyNone(asked, outcome);
  }
  const chosen = from?.number === undefined
    ? offers.length === 1 ? offers[0]! : null
    : offers[from.number - 1]!;
  for (const one of offers) if (one !== chosen) search.leave(one);
  if (chosen !== null) return chosen;
  const { chooseOffer } = await import("./choose_offer.ts");
  const wanted = await chooseOffer(
    offers,
    asked.options,
    terminal,
    dial.signal,
  );
  return wanted === null ? null : await connectAgain(wanted);
}

/** Connects to a share again that was left while its receiver was choosing. */
async function connectAgain(waiting: WaitingOffer): Promise<FoundShare> {
  if ("drop" in waiting) return { drop: await waiting.drop.again() };
  const { pair, offer, sender } = waiting;
  const { readOffer } = await import("../find/read_offer.ts");
  const again = await sender.again();
  const now = await readOffer(again);
  if (isSame(now, offer)) return { sender: again, offer: now! };
  again.channel.abort(
    new SpreadError("INTERRUPTED", "Another share was found"),
  );
  throw noLongerShared(pair, offer);
}

/** The error for a search that has not found enough. */
function whyNone(
  asked: PairSearch,
  { offers, unwanted: others, failures, closed }: SearchOutcome,
): SpreadError {
  const { options: { kind, from } } = asked;
  if (offers.length > 0) return fewer(offers.length, from!.name);
  const [other] = others;
  if (other !== undefined) {
    return unwanted(other.offer.kind, kind!, other.pair);
  }
  return mostTelling(failures) ?? closed[0] ?? nothingThere(asked);
}

function fewer(count: number, name: string): SpreadError {
  return new SpreadError(
    "NO_SENDER",
    `${name} shares only ${formatCount(count, "thing")} with this machine now`,
    `Write --from ${name}, or a number up to ${count} after the colon`,
  );
}

function nothingThere(asked: PairSearch): SpreadError {
  const { options: { timeoutS, isTyped, kind } } = asked;
  const hasRelay = relaying(asked) !== null;
  const where = hasRelay ? " or at the relay" : "";
  const network = hasRelay
    ? ""
    : ", and that both are on the same network (guest Wi-Fi and VPNs often keep machines apart; " +
      "UDP port 5353 must be open)";
  const command = isTyped ? KINDS[kind!].receive : "claude-spread receive";
  return new SpreadError(
    "NO_SENDER",
    `Nothing from ${
      namesOf(asked)
    } was found on the local network${where} within ${
      formatCount(timeoutS, "second")
    }`,
    `Check that the other machine still shares, with --to and its name for this one${network}. ` +
      `If it shows words, type them: ${command} WORDS`,
  );
}

/** Names of the pairs, as part of a sentence. */
function namesOf({ pairs }: PairSearch): string {
  const names = pairs.map(({ pair }) => pair.name);
  if (names.length > MAX_SHOWN) return formatCount(names.length, "pair");
  return names.length < 2
    ? names.join()
    : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

/** Most pairs that are named in a message. */
const MAX_SHOWN = 5;
