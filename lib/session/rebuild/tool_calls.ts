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

/** A call of a tool. */
export type Call = Extract<Block, { type: "tool_use" }>;

/** The input of a call that stays one; `null` for a call that becomes text. */
export function keptInput({ name, input }: Call): Call["input"] | null {
  if (!Object.hasOwn(KEPT, name)) return null;
  const { success, output } = v.safeParse(KEPT[name]!, input);
  return success ? output as Call["input"] : null;
}

/** A call as text. */
export function tellCall({ name, input }: Call): string {
  return `[Call of ${name}] ${JSON.stringify(input)}`;
}

/** The line before a result as text. */
export function tellResult(name: string): string {
  return `[Result of ${name}]`;
}
