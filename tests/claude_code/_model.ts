/**
 * A model that does what a script says: one step for each request of the main loop, as an
 * obedient model would. Requests beside it (titles, summaries) get a word.
 *
 * It speaks as much of the Messages API as the client needs, through `_gateway.ts`.
 *
 * @module
 */

import { TextLineStream } from "./_lines.ts";
import type { Network } from "./_network.ts";

/** A part of a message, as far as it is looked at. */
export interface Block {
  type: string;
  text?: string;
}

interface Message {
  role: "user" | "assistant" | "system";
  content: string | Block[];
}

/** A request of the client, as far as it is looked at. */
export interface ModelRequest {
  model?: string;
  stream?: boolean;
  system?: string | Block[];
  tools?: { name: string }[];
  messages?: Message[];
}

/** The conversation that the model is asked to continue. */
export interface Turn {
  /** The expanded skill, or what the person typed, as the model got it. */
  skill: string;
  request: ModelRequest;
}

/** An action of the model: it says something, which ends its turn, or uses a tool. */
export type Action =
  | { text: string }
  | { tool: string; input: Record<string, unknown> };

/** Decides what the model does next. */
export type Step = (turn: Turn) => Action;

/** Says something and ends the turn. */
export function say(text: string): Step {
  return () => ({ text });
}

/** Runs a command with the Bash tool. @param timeout In milliseconds. */
export function bash(command: string, timeout = 60_000): Step {
  return () => ({
    tool: "Bash",
    input: { command, timeout, description: "Scripted" },
  });
}

/**
 * Runs the n-th bash block of the skill as it stands there.
 *
 * @param fill Puts in what the skill tells to put in.
 */
export function runBlock(
  n: number,
  fill: (command: string) => string = (command) => command,
): Step {
  return (turn) => {
    const blocks = [...turn.skill.matchAll(/```bash\n([\s\S]*?)\n```/g)];
    const command = blocks[n]?.[1];
    if (command === undefined) {
      throw new Error(`No bash block ${n} in the skill`);
    }
    return bash(fill(command))(turn);
  };
}

/** Writes a file whose path is the first match of `path` in the skill, with the Write tool. */
export function write(path: RegExp, content: string): Step {
  return ({ skill }) => {
    const found = path.exec(skill)?.[0];
    if (found === undefined) throw new Error(`No ${path} in the skill`);
    return { tool: "Write", input: { file_path: found, content } };
  };
}

/** The scripted model. */
export class Model implements AsyncDisposable {
  /** Requests of the main loop, in order. */
  readonly turns: Turn[] = [];
  /** Why a step could not be taken; the client was told that the turn is over. */
  readonly failures: unknown[] = [];
  readonly #steps: Step[] = [];
  readonly #gateway: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #answering: Promise<void>;
  #count = 0;

  private constructor(
    gateway: Deno.ChildProcess,
    lines: ReadableStreamDefaultReader<string>,
    /** Its address for the client. */
    readonly url: string,
  ) {
    this.#gateway = gateway;
    this.#lines = lines;
    this.#answering = this.#answerAll();
  }

  static async start(network: Network): Promise<Model> {
    const script = `${import.meta.dirname}/_gateway.ts`;
    const flags = ["--quiet", "--no-prompt", "--cached-only", "--allow-net"];
    const gateway = network.command(
      [Deno.execPath(), "run", ...flags, script],
      {
        stdin: "piped",
        stdout: "piped",
        stderr: "inherit",
      },
    ).spawn();
    const lines = gateway.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())
      .getReader();
    const { value } = await lines.read();
    const { port } = JSON.parse(value!);
    return new Model(gateway, lines, `http://127.0.0.1:${port}`);
  }

  /** Forgets what is left of a script and begins another. */
  play(steps: Step[]): void {
    this.#steps.splice(0, Infinity, ...steps);
    this.turns.splice(0);
  }

  async #answerAll(): Promise<void> {
    const writer = this.#gateway.stdin.getWriter();
    for (;;) {
      const { value, done } = await this.#lines.read();
      if (done) break;
      const { id, url, body } = JSON.parse(value);
      const answer = JSON.stringify({ id, ...this.#answer(url, body) });
      await writer.write(new TextEncoder().encode(`${answer}\n`));
    }
    writer.releaseLock();
  }

  #answer(url: string, body: string): { type: string; body: string } {
    const { pathname } = new URL(url);
    if (!pathname.startsWith("/v1/messages")) return json({});
    if (pathname.endsWith("count_tokens")) {
      return json({ input_tokens: Math.ceil(body.length / 4) });
    }
    const request: ModelRequest = JSON.parse(body);
    const isMain = request.tools?.some(({ name }) => name === "Bash");
    const action = isMain ? this.#act(request) : { text: "ok" };
    return this.#message(request, action);
  }

  #act(request: ModelRequest): Action {
    const turn: Turn = {
      skill: this.turns[0]?.skill ?? lastTyped(request),
      request,
    };
    this.turns.push(turn);
    try {
      return this.#steps.shift()?.(turn) ?? { text: "done" };
    } catch (error) {
      this.failures.push(error);
      return { text: String(error) };
    }
  }

  #message(
    { model, stream }: ModelRequest,
    action: Action,
  ): { type: string; body: string } {
    const id = this.#count++;
    const isTool = "tool" in action;
    const stop_reason = isTool ? "tool_use" : "end_turn";
    const block = isTool
      ? { type: "tool_use", id: `toolu_${id}`, name: action.tool, input: {} }
      : { type: "text", text: "" };
    const message = {
      id: `msg_${id}`,
      type: "message",
      role: "assistant",
      model,
      content: [] as unknown[],
      stop_reason: null as string | null,
      stop_sequence: null,
      usage: { input_tokens: 10, output_tokens: 5 },
    };
    if (!stream) {
      const content = isTool
        ? { ...block, input: action.input }
        : { ...block, text: action.text };
      return json({ ...message, content: [content], stop_reason });
    }
    const delta = isTool
      ? { type: "input_json_delta", partial_json: JSON.stringify(action.input) }
      : { type: "text_delta", text: action.text };
    const events: [string, Record<string, unknown>][] = [
      ["message_start", { message }],
      ["content_block_start", { index: 0, content_block: block }],
      ["content_block_delta", { index: 0, delta }],
      ["content_block_stop", { index: 0 }],
      ["message_delta", {
        delta: { stop_reason, stop_sequence: null },
        usage: { output_tokens: 5 },
      }],
      ["message_stop", {}],
    ];
    return {
      type: "text/event-stream",
      body: events.map(([type, data]) =>
        `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
      ).join(""),
    };
  }

  /** Ends with its network; waits for that. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#answering.catch(() => {});
    await this.#gateway.stdin.close().catch(() => {});
    await this.#gateway.status;
  }
}

function json(value: unknown): { type: string; body: string } {
  return { type: "application/json", body: JSON.stringify(value) };
}

/** Parts that the client adds around the typed text. */
const ADDED = /^\s*<(system-reminder|local-command|command-)/;

/** The last text of the person: the expanded skill, when they typed a skill's name. */
function lastTyped({ messages = [] }: ModelRequest): string {
  const texts = messages.filter(({ role }) => role === "user").flatMap((
    { content },
  ) =>
    typeof content === "string"
      ? [content]
      : content.flatMap(({ text }) => text === undefined ? [] : [text])
  );
  return texts.findLast((text) => !ADDED.test(text)) ?? "";
}
