/**
 * The pairs that a share is for, and what it shows of them: nothing but values that only they can
 * recognize. See docs/protocol.md, section 14.4.
 *
 * @module
 */

import type { Bytes } from "../../../lib/bytes.ts";
import { hasPair } from "../../../lib/pairs/pair_files.ts";
import type { PairSecret } from "../../../lib/protocol/handshake/secret.ts";
import { takeSlot } from "../../../lib/pairs/slots.ts";
import { type KnownPair, openPairs } from "../../cli/pairs/known_pairs.ts";
import { fillRandom, pairsFolder } from "../../cli/surroundings.ts";

/** The secret of a pair, which opens nothing any more once the pair is forgotten. */
class UntilForgotten implements PairSecret {
  readonly PRS: Bytes;

  constructor(private readonly known: KnownPair) {
    this.PRS = known.key.PRS;
  }

  async helloTag(nonce: Bytes): Promise<Bytes> {
    const { key, pair: { id } } = this.known;
    const tag = await key.helloTag(nonce);
    const isThere = await hasPair(pairsFolder(), id);
    return isThere ? tag : fillRandom(new Uint8Array(tag.length));
  }
}

/** The pairs that a share is for. */
export class Recipients {
  /** Address of their relay; `undefined` when they have none. */
  readonly relay: string | undefined;

  /** Their secrets, for the handshake. */
  readonly secrets: readonly PairSecret[];

  /** @param warnings Sentences for the person who shares, who hears them once the share is open. */
  private constructor(
    readonly known: readonly KnownPair[],
    readonly warnings: string[],
  ) {
    this.secrets = known.map((one) => new UntilForgotten(one));
    this.relay = known.find(({ pair }) => pair.relay !== undefined)?.pair.relay;
    for (const { pair: { name, relay = this.relay } } of known) {
      if (relay === this.relay) continue;
      warnings.push(
        `the pair ${name} uses another relay than the first one: it finds this share on the local network only`,
      );
    }
  }

  /**
   * Opens pairs.
   *
   * @param names Our names for them.
   * @throws {SpreadError} `NO_PAIR`, `CANNOT_STORE`.
   */
  static async open(names: string[]): Promise<Recipients> {
    const warnings: string[] = [];
    const warn = (text: string) => void warnings.push(text);
    return new Recipients(await openPairs({ warn }, names), warnings);
  }

  /** Our names for them. */
  get names(): string[] {
    return this.known.map(({ pair }) => pair.name);
  }

  /** Their name for this machine; `undefined` if it is not the same for all. */
  get knownAs(): string | undefined {
    const [first, ...others] = new Set(
      this.known.map(({ pair }) => pair.own_name),
    );
    return others.length === 0 ? first : undefined;
  }

  /** Our name for the one with this secret. */
  nameOf(secret: PairSecret): string {
    return this.known[this.secrets.indexOf(secret)]!.pair.name;
  }

  /**
   * Takes a topic, new for this share, for each of those who meet at the relay; in hex.
   *
   * @throws {SpreadError} `CANNOT_STORE` when the file of a pair cannot be written.
   */
  async takeTopics(): Promise<string[]> {
    const topics: string[] = [];
    for (const { pair, key } of this.known) {
      if (pair.relay !== this.relay) continue;
      const slot = await takeSlot(pairsFolder(), pair, new Date());
      topics.push((await key.topic(pair.role, slot)).toHex());
    }
    return topics.sort();
  }

  /** Tags for an announcement, in hex; their order says nothing. */
  async tags(instance: string): Promise<string[]> {
    const tags = await Promise.all(
      this.known.map(({ key, pair }) => key.lanTag(pair.role, instance)),
    );
    return tags.map((tag) => tag.toHex()).sort();
  }
}
