/**
 * The chain of a conversation: each line names the one before it.
 *
 * Lines that are left out are bridged. A broken chain is always repaired in the same way: a
 * predecessor that has not come before (missing, later, or the line itself, so no cycle is
 * possible) is replaced by the last line kept.
 *
 * @module
 */

import { SpreadError } from "../errors.ts";
import type { Boundary, Links } from "./schema.ts";
import type { SessionTally } from "./tally.ts";

/** Most lines of one transcript; each costs a few hundred bytes of memory. */
export const MAX_CHAIN_LINES = 500_000;

/** A line's place in the new chain. */
export interface LinePlace {
  uuid: string;
  parentUuid: string | null;
}

/** The chain of one transcript, with old names turned into new ones. */
export class Chain {
  /** For each old name, the new name of the line that now replaces it. */
  readonly #places = new Map<string, string | null>();
  /** New names of lines that were mentioned but have not come yet. */
  readonly #promised = new Map<string, string>();
  #last: string | null = null;
  #unnamed = 0;

  /** @param rename Returns the new name of a line; `old` is unique in this chain. */
  constructor(
    private readonly tally: SessionTally,
    private readonly rename: (old: string) => string,
  ) {}

  /**
   * Adds a line to the chain.
   *
   * @returns `null` when its name has appeared before.
   * @throws {SpreadError} `PAYLOAD_TOO_LARGE`.
   */
  keep(links: Links): LinePlace | null {
    const old = links.uuid ?? `unnamed-${++this.#unnamed}`;
    if (this.#isRepeated(old)) return null;
    const parentUuid = this.#parent(links);
    const uuid = this.#promised.get(old) ?? this.rename(old);
    this.#promised.delete(old);
    this.#set(old, uuid);
    this.#last = uuid;
    return { uuid, parentUuid };
  }

  /** Returns a place for a line of our own, after the last line kept. */
  append(): LinePlace {
    const place = { uuid: this.rename("appended"), parentUuid: this.#last };
    this.#last = place.uuid;
    return place;
  }

  /** Leaves a line out; lines that follow it will follow its predecessor. */
  bridge(links: Links): void {
    if (links.uuid === undefined || this.#places.has(links.uuid)) return;
    const place = this.#known(links.parentUuid);
    this.#set(links.uuid, place === undefined ? this.#last : place);
  }

  /** The names in a compaction, translated to the new chain. */
  translate(
    metadata: Boundary["compactMetadata"],
  ): Boundary["compactMetadata"] {
    if (metadata === undefined) return undefined;
    const { preservedSegment: segment, preservedMessages: messages } = metadata;
    const all = (names: string[]) => [
      ...new Set(names.map((name) => this.#translate(name))),
    ];
    return {
      preservedSegment: segment && {
        headUuid: this.#translate(segment.headUuid),
        anchorUuid: this.#translate(segment.anchorUuid),
        tailUuid: this.#translate(segment.tailUuid),
      },
      preservedMessages: messages && {
        anchorUuid: this.#translate(messages.anchorUuid),
        uuids: all(messages.uuids),
        allUuids: messages.allUuids && all(messages.allUuids),
      },
    };
  }

  #translate(old: string): string {
    const known = this.#places.get(old) ?? this.#promised.get(old);
    if (known !== undefined) return known;
    this.#requireRoom();
    const promised = this.rename(old);
    this.#promised.set(old, promised);
    return promised;
  }

  #isRepeated(old: string): boolean {
    if (!this.#places.has(old)) return false;
    this.tally.leaveOut("repeated_lines");
    return true;
  }

  #parent({ parentUuid }: Links): string | null {
    const known = this.#known(parentUuid);
    if (known !== undefined) return known;
    if (this.#last !== null) this.tally.change("relinked");
    return this.#last;
  }

  /**
   * The predecessor for a line that follows this one; `undefined` when this one has not
   * come before.
   */
  #known(parentUuid: string | null | undefined): string | null | undefined {
    return parentUuid ? this.#places.get(parentUuid) : parentUuid;
  }

  #set(old: string, place: string | null): void {
    this.#requireRoom();
    this.#places.set(old, place);
  }

  #requireRoom(): void {
    if (this.#places.size + this.#promised.size < MAX_CHAIN_LINES) return;
    throw new SpreadError(
      "PAYLOAD_TOO_LARGE",
      `Cannot hand over a session of more than ${MAX_CHAIN_LINES} lines`,
      "Compact it, or share a distillation instead",
    );
  }
}
