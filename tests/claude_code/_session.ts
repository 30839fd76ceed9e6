/**
 * The outcome of a prompt to the client, read from what it prints.
 *
 * @module
 */

import type { Turn } from "./_model.ts";

/** The remains of a command. */
export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** The outcome of one `claude -p`. */
export interface Session {
  id: string;
  code: number;
  /** The last text of the model. */
  text: string;
  /** The text that the model got for the prompt: the expanded skill, when its name was typed. */
  skill: string;
  /** Each tool that the model used, and what it gave back. */
  calls: ToolCall[];
  /** Tools that the client would not run without asking. */
  denials: unknown[];
  turns: Turn[];
  stderr: string;
}

/** A tool that was used. */
export interface ToolCall {
  tool: string;
  input: Record<string, unknown>;
  result: string;
  isError: boolean;
}

/** A line of the client's output, as far as it is looked at. */
interface OutputLine {
  type: string;
  session_id?: string;
  result?: string;
  permission_denials?: unknown[];
  message?: { content: string | OutputBlock[] };
}

interface OutputBlock {
  type: string;
  id?: string;
  name?: string;
  input?: Record<string, unknown>;
  tool_use_id?: string;
  is_error?: boolean;
  content?: string | { text?: string }[];
}

/**
 * Reads the outcome of a prompt.
 *
 * @param output That of the client, from the prompt on.
 * @throws {Error} When there is no result in it.
 */
export function readSession(output: Output, turns: Turn[]): Session {
  const lines: OutputLine[] = output.stdout.split("\n")
    .filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  const result = lines.findLast(({ type }) => type === "result");
  if (result === undefined || turns.length === 0) {
    throw new Error(
      `The client came to no result: ${output.stdout}${output.stderr}`,
    );
  }
  return {
    id: result.session_id!,
    code: output.code,
    text: result.result ?? "",
    skill: turns[0]!.skill,
    calls: readCalls(lines),
    denials: result.permission_denials ?? [],
    turns: [...turns],
    stderr: output.stderr,
  };
}

function readCalls(lines: OutputLine[]): ToolCall[] {
  const blocks = lines.flatMap(({ message }) =>
    Array.isArray(message?.content) ? message.content : []
  );
  return blocks.filter(({ type }) => type === "tool_use").map((use) => {
    const result = blocks.find(({ tool_use_id }) => tool_use_id === use.id);
    const content = result?.content ?? "";
    return {
      tool: use.name!,
      input: use.input ?? {},
      result: typeof content === "string"
        ? content
        : content.map(({ text = "" }) => text).join("\n"),
      isError: result?.is_error ?? false,
    };
  });
}
