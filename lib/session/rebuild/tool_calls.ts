/**
 * Tool calls in a received conversation: history for Claude, never calls of the local
 * Claude Code.
 *
 * When Claude Code resumes a session, it treats calls as its own, by the names of their
 * tools. It reads a "written" file from the local disk, wherever it is, and reports
 * differences to Claude but not to the user. Inputs of an unexpected shape stop it. It
 * sends calls of unknown tools to Claude without showing them. So only calls of a few
 * harmless tools stay calls, with their inputs rebuilt field by field. All others, with
 * their results, become text that everyone sees.
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

/** Schemas of inputs, by tool. */
const KEPT: Record<string, v.GenericSchema> = {
  Bash: v.object({ command: Text, description: MaybeText }),
  Glob: v.object({ pattern: Text, path: MaybeText }),
  Grep: v.object({ pattern: Text, path: MaybeText, glob: MaybeText }),
  Read: v.pipe(
    v.object({ file_path: Text, offset: MaybeCount, limit: MaybeCount }),
    // Without an offset, Claude Code would take the text read then for the present
    // content of the file.
    v.transform((input) => ({ ...input, offset: input.offset ?? 1 })),
  ),
};

type Call = Extract<Block, { type: "tool_use" }>;
type Result = Extract<Block, { type: "tool_result" }>;

/** The tool calls of one conversation. */
export class Calls {
  readonly #kept = new Set<string>();
  /** Names of tools whose calls became text, by the call's id. */
  readonly #told = new Map<string, string>();

  constructor(private readonly tally: SessionTally) {}

  /** Whether a block may stand here: false for a result without a call. */
  answers(block: Block): boolean {
    if (block.type !== "tool_result") return true;
    const { tool_use_id: id } = block;
    return this.#kept.has(id) || this.#told.has(id);
  }

  /** Remembers a call, before its result comes. */
  note(block: Block): void {
    if (block.type !== "tool_use") return;
    if (keptInput(block) !== null) {
      this.#kept.add(block.id);
      return;
    }
    this.#told.set(block.id, block.name);
    this.tally.change("calls");
  }

  /** The blocks that replace a block. */
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

/** Turns a result into text; images stay. */
function tellResult({ content }: Result, name: string): Block[] {
  const blocks = typeof content === "string"
    ? [{ type: "text" as const, text: content }]
    : content as Block[];
  const title = `[Result of ${name}]`;
  return [{ type: "text", text: title }, ...blocks];
}
