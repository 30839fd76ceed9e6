/**
 * The order of a conversation: the messages that Claude Code would send to the model if it
 * went on with a transcript, and those that a compaction has summed up.
 *
 * Each line of a transcript names the one before it, so that a transcript is a tree. The
 * conversation is the way from its root to the line that was used last. Calls that Claude
 * made at once are on branches of their own there, and are collected. What a compaction has
 * kept unchanged follows its summary. See docs/protocol.md, section 12.4.
 *
 * @module
 */

import { Answers } from "./answers.ts";
import { type Entries, MISSING, NONE } from "./entries.ts";

/** Rows of lines among the entries. */
export interface Order {
  /** Messages that the model gets, in their order. */
  conversation: number[];
  /** Messages before the last compaction. */
  earlier: number[];
  /** Messages whose predecessor was missing. */
  relinked: number;
}

/** @param lastUsed Line that was used last, or {@linkcode MISSING}. */
export function orderConversation(
  entries: Entries,
  lastUsed: number,
): Order {
  return new Ordering(entries).order(lastUsed);
}

class Ordering {
  readonly #parents: Int32Array;
  readonly #relinked = new Set<number>();
  readonly #answers: Answers;
  /** 1 for lines on the way of the conversation, or before it. */
  readonly #onWay: Uint8Array;
  /** 1 for lines that have their place in the order. */
  readonly #isCollected: Uint8Array;

  constructor(private readonly entries: Entries) {
    this.#onWay = new Uint8Array(entries.length);
    this.#isCollected = new Uint8Array(entries.length);
    this.#parents = Int32Array.from(
      { length: entries.length },
      (_, i) => this.#parentOf(i),
    );
    this.#answers = new Answers(entries, this.#parents);
  }

  order(lastUsed: number): Order {
    const { way, compaction } = this.#wayTo(this.#lastOf(lastUsed));
    const relinked = way.filter((i) => this.#relinked.has(i)).length;
    if (compaction !== NONE) this.#insertKept(way, compaction);
    for (const i of way) this.#onWay[i] = 1;
    const before = this.#wayBefore(compaction);
    for (const i of before) this.#onWay[i] = 1;
    return {
      conversation: this.#collect(way),
      earlier: this.#collect(before),
      relinked,
    };
  }

  /** A missing predecessor is replaced by the line before this one in the file. */
  #parentOf(i: number): number {
    const parent = this.entries.parent(i);
    if (parent !== MISSING && parent !== i) return parent;
    const before = this.#lineBefore(i);
    if (before !== NONE) this.#relinked.add(i);
    return before;
  }

  #lineBefore(i: number): number {
    const isAside = this.entries.isAside(i);
    let before = i - 1;
    while (before >= 0 && this.entries.isAside(before) !== isAside) before--;
    return before;
  }

  /** The last line without a follower; if a line is said to be used last, one after it. */
  #lastOf(lastUsed: number): number {
    const { entries } = this;
    const { length } = entries;
    const isFollowed = new Uint8Array(length);
    this.#parents.forEach((parent, i) => {
      if (parent !== NONE && !entries.isAside(i)) isFollowed[parent] = 1;
    });
    const ends: number[] = [];
    for (let i = 0; i < length; i++) {
      if (!entries.isAside(i) && isFollowed[i] === 0) ends.push(i);
    }
    if (lastUsed === MISSING) return ends.at(-1) ?? length - 1;
    const comesAfter = this.#followersOf(lastUsed);
    return ends.findLast(comesAfter) ?? lastUsed;
  }

  /** Whether the way to a line leads over `start`; each line is looked at once. */
  #followersOf(start: number): (i: number) => boolean {
    const UNKNOWN = 0, NO = 1, YES = 2;
    const known = new Uint8Array(this.entries.length);
    known[start] = YES;
    return (end) => {
      const way: number[] = [];
      let i = end;
      while (i !== NONE && known[i] === UNKNOWN) {
        // For now; a circle leads nowhere.
        known[i] = NO;
        way.push(i);
        i = this.#parents[i]!;
      }
      const answer = i === NONE ? NO : known[i]!;
      for (const one of way) known[one] = answer;
      return answer === YES;
    };
  }

  /** The way to a line, from the beginning or from the last compaction. */
  #wayTo(end: number): { way: number[]; compaction: number } {
    const isOnIt = new Uint8Array(this.entries.length);
    let length = 0;
    let i = end;
    for (; i !== NONE && isOnIt[i] === 0; i = this.#parents[i]!) {
      if (this.entries.kind(i) === "compaction") break;
      isOnIt[i] = 1;
      length++;
    }
    const compaction = i !== NONE && isOnIt[i] === 0 ? i : NONE;
    const way = new Array<number>(length);
    for (let at = length - 1, i = end; at >= 0; at--, i = this.#parents[i]!) {
      way[at] = i;
    }
    return { way, compaction };
  }

  /** Puts the messages that a compaction has kept into the way, after their anchor. */
  #insertKept(way: number[], compaction: number): void {
    const kept = this.entries.compactions.get(compaction)?.kept;
    if (kept === undefined) return;
    const at = way.indexOf(kept.anchor);
    if (at === NONE && kept.anchor !== compaction) return;
    const known = new Set(way);
    const found = "messages" in kept ? allOf(kept) : this.#segment(kept);
    const after = way.splice(at + 1);
    for (const i of found) if (!known.has(i)) way.push(i);
    for (const i of after) way.push(i);
  }

  #segment({ head, tail }: { head: number; tail: number }): number[] {
    if (tail === MISSING) return [];
    const { way } = this.#wayTo(tail);
    const from = way.indexOf(head);
    return from === NONE ? [] : way.slice(from);
  }

  /** The lines that led to a compaction, over earlier ones. */
  #wayBefore(compaction: number): number[] {
    const before = new Set<number>();
    for (let i = compaction; i !== NONE && !before.has(i);) {
      before.add(i);
      i = this.#lineBeforeInTime(i);
    }
    return [...before].filter((i) => this.#onWay[i] === 0).reverse();
  }

  #lineBeforeInTime(i: number): number {
    const parent = this.#parents[i]!;
    if (this.entries.kind(i) !== "compaction") return parent;
    const { before = MISSING } = this.entries.compactions.get(i) ?? {};
    if (before !== MISSING) return before;
    return parent === NONE ? this.#lineBefore(i) : parent;
  }

  /** The messages on a way, and the calls and results beside it that belong to them. */
  #collect(way: number[]): number[] {
    const collected: number[] = [];
    const collect = (i: number) => {
      if (this.#isCollected[i] === 0) collected.push(i);
      this.#isCollected[i] = 1;
    };
    for (const [at, i] of way.entries()) {
      if (this.#isCollected[i] === 1) continue;
      const kind = this.entries.kind(i);
      if (kind === "user") collect(i);
      if (kind !== "assistant") continue;
      const answer = this.#answers.answerAt(way, at, this.#onWay);
      answer.forEach(collect);
      this.#answers.resultsOf(answer, this.#onWay).forEach(collect);
    }
    return collected;
  }
}

/** Claude Code keeps none of the messages when it misses one. */
function allOf({ messages }: { messages: number[] }): Iterable<number> {
  return messages.includes(MISSING) ? [] : new Set(messages);
}
