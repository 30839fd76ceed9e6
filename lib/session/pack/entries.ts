/**
 * The lines of a transcript as far as their order goes: how they hang together.
 *
 * A table with a row for each line: as objects, hundreds of thousands of lines would take
 * several times the memory.
 *
 * @module
 */

import { Lists, NumberColumn } from "./numbers.ts";

/** In place of a predecessor: the line is a beginning. */
export const NONE = -1;

/** In place of a line that is named and is not there. */
export const MISSING = -2;

const KINDS = ["user", "assistant", "compaction", "other"] as const;

/** Sort of a line. */
export type EntryKind = typeof KINDS[number];

/** A line. Lines are named by their rows, answers and calls by numbers. */
export interface Entry {
  /** The line before it, {@linkcode NONE} or {@linkcode MISSING}. */
  parent: number;
  kind: EntryKind;
  /** Whether it is a subagent's, between the lines of the conversation. */
  isAside: boolean;
  /** The answer that it is a part of. */
  answer?: number;
  /** The tool calls in it. */
  calls?: number[];
  /** The calls whose results are in it. */
  results?: number[];
}

/** A compaction, and the lines before it that it names. */
export interface Compaction {
  /** The line that came before it, or {@linkcode MISSING}. */
  before: number;
  /** The messages that stay as they are. */
  kept?: Kept;
}

/** Messages that follow the summary of a compaction: each of them, or from head to tail. */
export type Kept =
  & { anchor: number }
  & ({ messages: number[] } | { head: number; tail: number });

/** The lines of one transcript, in the order of the file. */
export class Entries {
  readonly #parents = new NumberColumn(NONE);
  readonly #kinds = new NumberColumn(NONE);
  readonly #asides = new NumberColumn(0);
  readonly #answers = new NumberColumn(NONE);
  readonly #calls = new Lists();
  readonly #results = new Lists();
  readonly compactions = new Map<number, Compaction>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Puts a line into a row: the next one, or one that is taken, whose line it replaces. */
  set(row: number, entry: Entry): void {
    this.#parents.set(row, entry.parent);
    this.#kinds.set(row, KINDS.indexOf(entry.kind));
    this.#asides.set(row, Number(entry.isAside));
    this.#answers.set(row, entry.answer ?? NONE);
    this.#calls.set(row, entry.calls);
    this.#results.set(row, entry.results);
    this.compactions.delete(row);
    this.#length = Math.max(this.#length, row + 1);
  }

  parent(row: number): number {
    return this.#parents.get(row);
  }

  /** Sets a predecessor that was {@linkcode MISSING}. */
  setParent(row: number, parent: number): void {
    this.#parents.set(row, parent);
  }

  kind(row: number): EntryKind {
    return KINDS[this.#kinds.get(row)]!;
  }

  isAside(row: number): boolean {
    return this.#asides.get(row) === 1;
  }

  /** @returns {@linkcode NONE} for a line outside of every answer. */
  answer(row: number): number {
    return this.#answers.get(row);
  }

  calls(row: number): readonly number[] {
    return this.#calls.get(row);
  }

  results(row: number): readonly number[] {
    return this.#results.get(row);
  }
}
