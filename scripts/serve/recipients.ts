/**
 * The pairs that a share is for, and what it shows of them: nothing but values that only they can
 * recognize. See docs/protocol.md, section 14.4.
 *
 * @module
 */

import type { PairSecret } from "../../lib/protocol/handshake/secret.ts";
import { type KnownPair, openPairs } from "../cli/pairs/known_pairs.ts";
import type { PassphraseOrigin } from "../cli/passphrase.ts";
import type { Terminal } from "../cli/terminal.ts";

/** The pairs that a share is for. */
export class Recipients {
  private constructor(private readonly known: readonly KnownPair[]) {}

  /**
   * Opens the pairs that were named.
   *
   * @returns `null` for a share that is not for pairs.
   * @throws {SpreadError} `NO_PAIR`, `CANNOT_STORE`.
   */
  static async open(
    origin: PassphraseOrigin,
    terminal: Terminal,
  ): Promise<Recipients | null> {
    if (origin.kind !== "pairs") return null;
    return new Recipients(await openPairs(terminal, origin.names));
  }

  /** Our names for them. */
  get names(): string[] {
    return this.known.map(({ pair }) => pair.name);
  }

  /** Their secrets, for the handshake. */
  get secrets(): PairSecret[] {
    return this.known.map(({ key }) => key);
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
    return this.known.find(({ key }) => key === secret)!.pair.name;
  }

  /** Tags for an announcement, in hex; their order says nothing. */
  async tags(instance: string): Promise<string[]> {
    const tags = await Promise.all(
      this.known.map(({ key, pair }) => key.lanTag(pair.role, instance)),
    );
    return tags.map((tag) => tag.toHex()).sort();
  }
}
