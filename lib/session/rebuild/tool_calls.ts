/**
 * Calls of tools in a received conversation: history for Claude, never the client's own.
 *
 * When the client resumes, it takes calls by their tool's name for what it has done itself: a
 * file that was "written" is read from this disk, wherever it is, and what differs is told to
 * Claude and not to the person; inputs of a shape that it does not expect stop it; calls of
 * tools that it does not know are sent to Claude and not shown. So only calls of a few
 * harmless tools stay calls, their inputs rebuilt by field; all others, with their results,
 * become text that everybody sees.
 *
 * @module
 */

import * as v from "valibot";
import type { Block } from "../schema.ts";
import type { SessionTally } from "../tally.ts";

const Text = v.string();
const MaybeText = v.optional(v.string());
const MaybeCount = v.optional(
  v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
);

/** Inputs by tool. */
const KEPT: Record<string, v.GenericSchema> = {
  Bash: v.object({ command: Text, description: MaybeText }),
  Glob: v.object({ pattern: Text, path: MaybeText }),
  Grep: v.object({ pattern: Text, path: MaybeText, glob: MaybeText }),
  Read: v.pipe(
    v.object({ file_path: Text, offset: MaybeCount, limit: MaybeCount }),
    // Without either the client would take what was read for the file as it is now.
    v.transform((input) => ({ ...input, offset: input.offset ?? 1 })),
  ),
};

type Call = Extract<Block, { type: "tool_use" }>;
type Result = Extract<Block, { type: "tool_result" }>;

/** The calls of one conversation. */
export class Calls {
  readonly #kept = new Set<string>();
  /** Names of tools whose calls have become text, by the call's id. */
  readonly #told = new Map<string, string>();

  constructor(private readonly tally: SessionTally) {}

  /** Whether a block can stand here: not the result of a call that nobody made. */
  answers(block: Block): boolean {
    if (block.type !== "tool_result") return true;
    const { tool_use_id: id } = block;
    return this.#kept.has(id) || this.#told.has(id);
  }

  /** Notes a call, before its result comes. */
  note(block: Block): void {
    if (block.type !== "tool_use") return;
    if (keptInput(block) !== null) {
      this.#kept.add(block.id);
      return;
    }
    this.#told.set(block.id, block.name);
    this.tally.change("calls");
  }

  /** What stands in a block's place. */
  rebuild(block: Block): Block[] {
    if (block.type === "tool_use") return [rebuildCall(block)];
    if (block.type !== "tool_result") return [block];
    const name = this.#told.get(block.tool_use_id);
    return name === undefined ? [block] : tellResult(block, name);
  }
}

function keptInput({ name, input }: Call): Record<string, unknown> | null {
  if (!Object.hasOwn(KEPT, name)) return null;
  const { success, output } = v.safeParse(KEPT[name]!, input);
  return success ? output as Record<string, unknown> : null;
}

function rebuildCall(call: Call): Block {
  const input = keptInput(call);
  if (input !== null) return { ...call, input };
  const text = `[Call of ${call.name}] ${JSON.stringify(call.input)}`;
  return { type: "text", text };
}

/** Pictures stay what they are. */
function tellResult({ content }: Result, name: string): Block[] {
  const blocks = typeof content === "string"
    ? [{ type: "text" as const, text: content }]
    : content as Block[];
  const title = `[Result of ${name}]`;
  return [{ type: "text", text: title }, ...blocks];
}
