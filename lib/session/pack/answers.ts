/**
 * The answers in a transcript: lines that belong together although they name different
 * predecessors.
 *
 * Claude Code writes each part of an answer as a line of its own, and the results of calls
 * that Claude made at once as they come. So of several calls only one is on the way that
 * the conversation took.
 *
 * @module
 */

import { type Entries, NONE } from "./entries.ts";
import { Lists } from "./numbers.ts";

/** Most lines among which the parts of one answer are looked for, and most that follow one line. */
const MAX_ANSWER_LINES = 1000;

/** The parts of answers by the lines before them, and results by their calls. */
export class Answers {
  /** Parts of answers that follow one line, where there are several. */
  readonly #followers = new Map<number, number[]>();
  /** Lines with results, by the line of the call. */
  readonly #results = new Lists();

  /** @param parents Positions of predecessors. */
  constructor(
    private readonly entries: Entries,
    private readonly parents: Int32Array,
  ) {
    this.#findFollowers();
    this.#findResults();
  }

  #findFollowers(): void {
    const counts = new Uint32Array(this.entries.length);
    for (const parent of this.parents) if (parent >= 0) counts[parent]!++;
    this.parents.forEach((parent, i) => {
      if (parent < 0 || counts[parent] === 1) return;
      if (this.entries.answer(i) !== NONE) append(this.#followers, parent, i);
    });
  }

  /** Finds the call of each result: the last one before it, or else the first after it. */
  #findResults(): void {
    const callers = new Map<number, number>();
    const early = new Map<number, number[]>();
    for (let i = 0; i < this.entries.length; i++) {
      for (const call of this.entries.results(i)) {
        const caller = callers.get(call);
        if (caller === undefined) append(early, call, i);
        else this.#results.add(caller, i);
      }
      for (const call of this.entries.calls(i)) {
        callers.set(call, i);
        for (const line of early.get(call) ?? []) this.#results.add(i, line);
        early.delete(call);
      }
    }
  }

  /**
   * The lines of the answer that begins at a place of the way, in the order of the file.
   *
   * @param onWay 1 for lines that the conversation took; others may be collected.
   */
  answerAt(way: number[], at: number, onWay: Uint8Array): number[] {
    const first = way[at]!;
    const id = this.entries.answer(first);
    if (id === NONE) return [first];
    const before = this.parents[first]!;
    // A set goes on over what is added to it meanwhile.
    const known = new Set([before, ...this.#onWayOf(id, way, at)]);
    for (const i of known) {
      const followers = this.#followers.get(i) ?? [];
      for (const beside of followers.slice(0, MAX_ANSWER_LINES)) {
        const isPart = this.entries.answer(beside) === id;
        if (isPart && onWay[beside] === 0) known.add(beside);
      }
    }
    known.delete(before);
    return [...known].sort((a, b) => a - b);
  }

  /** The lines of an answer on the way: between them stand only results, and no messages. */
  #onWayOf(id: number, way: number[], at: number): number[] {
    const lines: number[] = [];
    const calls = new Set<number>();
    const end = Math.min(way.length, at + MAX_ANSWER_LINES);
    for (let next = at; next < end; next++) {
      const i = way[next]!;
      const kind = this.entries.kind(i);
      if (kind === "assistant" && this.entries.answer(i) === id) {
        lines.push(i);
        for (const call of this.entries.calls(i)) calls.add(call);
      } else if (kind !== "other") {
        const results = this.entries.results(i);
        if (!results.some((call) => calls.has(call))) break;
      }
    }
    return lines;
  }

  /** Lines with the results of an answer's calls, in the order of the file. */
  resultsOf(answer: number[], onWay: Uint8Array): number[] {
    const lines = new Set<number>();
    const answered = new Set<number>();
    const resultsIn = (line: number) => this.entries.results(line);
    const take = (line: number) => {
      lines.add(line);
      for (const call of resultsIn(line)) answered.add(call);
    };
    const all = answer.flatMap((i) => this.#results.get(i));
    for (const line of all) if (onWay[line] === 1) take(line);
    for (const line of all) {
      // Of several results on other branches one is enough.
      if (resultsIn(line).some((one) => !answered.has(one))) take(line);
    }
    return [...lines].sort((a, b) => a - b);
  }
}

function append(
  lists: Map<number, number[]>,
  key: number,
  one: number,
): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [one]);
  else list.push(one);
}
