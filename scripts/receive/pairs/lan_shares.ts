/**
 * The shares of one's pairs on the local network: found by the tags that they announce. See
 * docs/protocol.md, section 14.4.
 *
 * @module
 */

import type { Candidate } from "../../../lib/discovery/mdns.ts";
import type { TcpAddress } from "../../../lib/transports/tcp.ts";
import { findPair, type KnownPair } from "../../cli/pairs/known_pairs.ts";
import type { BrowseOptions } from "../find/lan_search.ts";
import { dialAddress, type DialOptions, type Sender } from "../find/sender.ts";
import type { OfferSearch } from "./offers.ts";
import { both, type Dial, ofPair } from "./waiting_offer.ts";

/** Most shares of one pair that are looked at in one search. */
const MAX_SHARES = 64;

/** Options of a search on the LAN. */
export interface LanShareOptions {
  dial: Omit<DialOptions, "secret">;
  where: BrowseOptions;
  /** Called once for each pair of which another machine announces a share in our own role. */
  onDouble: (pair: string) => void;
}

/**
 * Looks at the shares of these pairs until the search is over.
 *
 * @throws {SpreadError} `NO_NETWORK`, `CANNOT_LISTEN`, `USAGE`, as `browse()`.
 */
export async function lookOnLan(
  pairs: readonly KnownPair[],
  search: OfferSearch,
  options: LanShareOptions,
): Promise<void> {
  const { browse, InterfaceWatch } = await import(
    "../../../lib/discovery/mdns.ts"
  );
  const { interface: only, onNoNetwork } = options.where;
  const watch = new InterfaceWatch(() => Deno.networkInterfaces(), only);
  const { signal } = search;
  const shares = new LanShares(pairs, search, options);
  for await (const candidate of browse({ watch, signal, onNoNetwork })) {
    await shares.hear(candidate);
  }
}

/** A share of a pair, and the addresses at which it was tried. */
interface HeardShare {
  known: KnownPair;
  candidate: Candidate;
  tried: Set<string>;
  isBusy: boolean;
  /** Whether it has answered: other addresses would not help. */
  hasAnswered: boolean;
}

/** The shares of pairs that were heard of in one search. */
class LanShares {
  readonly #heard = new Map<string, HeardShare>();
  readonly #doubles = new Set<string>();

  constructor(
    private readonly pairs: readonly KnownPair[],
    private readonly search: OfferSearch,
    private readonly options: LanShareOptions,
  ) {}

  /** Takes an announced share, and looks at it if it is for one of the pairs. */
  async hear(candidate: Candidate): Promise<void> {
    const { instance, to, protocol } = candidate;
    const heard = this.#heard.get(instance);
    if (heard !== undefined) {
      heard.candidate = candidate;
      return void this.#look(heard);
    }
    if (to === undefined || protocol !== 2) return;
    const found = await findPair(this.pairs, instance, to);
    if (found === null) return;
    const { known, isOurRole } = found;
    if (isOurRole) return this.#noteDouble(known, candidate);
    const ofPair = this.#heard.values().filter((one) => one.known === known);
    if ([...ofPair].length >= MAX_SHARES) return;
    this.options.where.onCandidate(instance, known.pair.name);
    const share = {
      known,
      candidate,
      tried: new Set<string>(),
      isBusy: false,
      hasAnswered: false,
    };
    this.#heard.set(instance, share);
    void this.#look(share);
  }

  /** Looks at a share at those of its addresses that were not tried, and at those that come later. */
  async #look(share: HeardShare): Promise<void> {
    if (share.isBusy) return;
    share.isBusy = true;
    const { name } = share.known.pair;
    for (;;) {
      const { addresses, port } = share.candidate;
      const untried = addresses.filter((one) => !share.tried.has(one));
      const isOver = share.hasAnswered || this.search.signal.aborted;
      if (untried.length === 0 || isOver) break;
      for (const one of untried) share.tried.add(one);
      const places = untried.map((hostname) => ({ hostname, port }));
      share.hasAnswered = await this.search.look(
        name,
        (...ends) => this.#dial(share, places, ...ends),
      );
    }
    share.isBusy = false;
  }

  async #dial(
    { known, candidate: { instance } }: HeardShare,
    places: TcpAddress[],
    ...[signal, onProof]: Parameters<Dial>
  ): Promise<Sender> {
    const { dial, where } = this.options;
    const how = { ...dial, secret: known.key };
    const first = { ...how, signal, onIdle: both(onProof, dial.onIdle) };
    const sender = await dialAddress(places, first, 2);
    // Its addresses may be others after a cut.
    const again = async () => {
      const { dialLanAgain } = await import("../find/lan.ts");
      return await dialLanAgain(sender, how, { ...where, instance });
    };
    return ofPair({ ...sender, again }, known.pair.name);
  }

  /** Notes a share in our own role: it is ours, or another machine has the seed as well. */
  #noteDouble({ pair: { name } }: KnownPair, { addresses }: Candidate): void {
    const own = Deno.networkInterfaces().map(({ address }) => address);
    const isOurs = addresses.some((one) => own.includes(withoutZone(one)));
    if (isOurs || this.#doubles.has(name)) return;
    this.#doubles.add(name);
    this.options.onDouble(name);
  }
}

function withoutZone(address: string): string {
  return address.replace(/%.*/, "");
}
