/**
 * Turns: the messages of a conversation in an order and a form in which the person and the
 * model see the same.
 *
 * Claude Code shows messages in the order of their lines. To the model it sends the texts
 * of an answer before its calls, and results right behind the calls; a call without a
 * result, and a result without a call, reach neither. So each answer is given texts first,
 * then all of its calls, then their results, and what somebody said meanwhile after these.
 * Ids of calls are made anew: the sender's may repeat. See docs/protocol.md, section 12.5.
 *
 * @module
 */

import type { Block, Message } from "../schema.ts";
import type { SessionTally } from "../tally.ts";
import { type Call, keptInput, tellCall, tellResult } from "./tool_calls.ts";

type Result = Extract<Block, { type: "tool_result" }>;

/** Most characters of calls and messages that wait for others, in UTF-16 units. */
const MAX_WAITING = 16 * 1024 * 1024;

/** Most calls remembered whose results become text; a session may have results for none. */
export const MAX_TOLD = 100_000;

/** Content of a result that the sender's session did not have. */
const NO_RESULT = "[No result: the call was interrupted]";

/** Writes a message; never empty. */
export type WriteBlocks = (type: Message["type"], blocks: Block[]) => void;

/** A call without a result yet. */
interface OpenCall {
  /** Its new id. */
  id: string;
  name: string;
}

/** Calls of one old id, in the order in which their results are expected. */
interface CallsOfId {
  calls: OpenCall[];
  /** Index of the first one that is open. */
  next: number;
}

/** The turns of one conversation. */
export class Turns {
  /** Calls of this answer, until it ends. */
  #calls: Call[] = [];
  /** Calls that were written, by their old ids; several may have the same. */
  readonly #open = new Map<string, CallsOfId>();
  /** Names of tools whose results become text, by the old ids of the calls. */
  readonly #told = new Map<string, string>();
  /** Said by the person while calls were still open; written after their results. */
  #aside: Block[] = [];
  #waiting = 0;
  #count = 0;

  constructor(
    private readonly tally: SessionTally,
    private readonly write: WriteBlocks,
  ) {}

  /** Takes an answer of Claude, or a part of one. */
  answer(blocks: Block[]): void {
    this.#close();
    const texts: Block[] = [];
    for (const block of blocks) {
      if (block.type !== "tool_use") texts.push(block);
      else if (!this.#waits(block)) texts.push(this.#tell(block));
    }
    this.#write("assistant", texts);
  }

  /**
   * Takes what the person said, and results of calls.
   *
   * @returns Whether anything of it is left.
   */
  say(blocks: Block[]): boolean {
    this.#writeCalls();
    const results: Block[] = [];
    const before = this.#aside.length;
    for (const block of blocks) {
      if (block.type !== "tool_result") this.#aside.push(block);
      else this.#takeResult(block, results);
    }
    const added = this.#aside.slice(before);
    this.#write("user", results);
    if (this.#open.size === 0) this.#writeAside();
    else this.#wait(added);
    return results.length + added.length > 0;
  }

  #wait(added: Block[]): void {
    this.#waiting += sizeOf(added);
    if (this.#waiting > MAX_WAITING) this.#close();
  }

  /** Ends the conversation. */
  end(): void {
    this.#writeCalls();
    this.#close();
  }

  /** Whether a call stays one; it then waits for the end of its answer. */
  #waits(call: Call): boolean {
    const input = keptInput(call);
    if (input === null) return false;
    const kept = { ...call, input };
    this.#waiting += sizeOf([kept]);
    if (this.#waiting > MAX_WAITING) return false;
    this.#calls.push(kept);
    return true;
  }

  #tell(call: Call): Block {
    this.tally.change("calls");
    this.#remember(call.id, call.name);
    return { type: "text", text: tellCall(call) };
  }

  /** Remembers a call whose result becomes text; of too many, it forgets the older half. */
  #remember(old: string, name: string): void {
    this.#told.set(old, name);
    if (this.#told.size <= MAX_TOLD) return;
    // Not one at a time: each search for the oldest would pass the places of those before.
    for (const oldest of this.#told.keys()) {
      this.#told.delete(oldest);
      if (this.#told.size <= MAX_TOLD / 2) return;
    }
  }

  #writeCalls(): void {
    if (this.#calls.length === 0) return;
    const calls = this.#calls.map((call) => {
      const id = `toolu_received_${++this.#count}`;
      this.#addOpen(call.id, { id, name: call.name });
      return { ...call, id };
    });
    this.#calls = [];
    this.#waiting = 0;
    this.#write("assistant", calls);
  }

  #addOpen(old: string, call: OpenCall): void {
    const open = this.#open.get(old);
    if (open === undefined) this.#open.set(old, { calls: [call], next: 0 });
    else open.calls.push(call);
  }

  /** Takes the result of an open call; that of another one becomes text, after the results. */
  #takeResult(result: Result, results: Block[]): void {
    const { tool_use_id: old } = result;
    const open = this.#openCall(old);
    if (open !== undefined) {
      results.push({ ...result, tool_use_id: open.id });
      return;
    }
    const name = this.#told.get(old);
    this.#told.delete(old);
    if (name === undefined) this.tally.leaveOut("orphans");
    else this.#aside.push(...told(result, name));
  }

  /** The first open call of an id, which then is no longer open. */
  #openCall(old: string): OpenCall | undefined {
    const open = this.#open.get(old);
    if (open === undefined) return undefined;
    const call = open.calls[open.next++];
    if (open.next === open.calls.length) this.#open.delete(old);
    return call;
  }

  /** Gives the open calls a result each, because the conversation went on without one. */
  #close(): void {
    if (this.#open.size === 0) return this.#writeAside();
    const results: Block[] = [];
    for (const [old, { calls, next }] of this.#open) {
      for (const { id, name } of calls.slice(next)) {
        const given = { tool_use_id: id, content: NO_RESULT, is_error: true };
        results.push({ type: "tool_result", ...given });
        this.#remember(old, name);
      }
    }
    this.#open.clear();
    this.tally.change("unanswered", results.length);
    this.#write("user", results);
    this.#writeAside();
  }

  #writeAside(): void {
    if (this.#aside.length === 0) return;
    const aside = this.#aside;
    this.#aside = [];
    this.#waiting = 0;
    this.#write("user", aside);
  }

  #write(type: Message["type"], blocks: Block[]): void {
    if (blocks.length > 0) this.write(type, blocks);
  }
}

/** A result as text; images stay. */
function told({ content }: Result, name: string): Block[] {
  const blocks = typeof content === "string"
    ? [{ type: "text" as const, text: content }]
    : content as Block[];
  return [{ type: "text", text: tellResult(name) }, ...blocks];
}

function sizeOf(blocks: Block[]): number {
  return blocks.reduce((sum, block) => sum + JSON.stringify(block).length, 0);
}
