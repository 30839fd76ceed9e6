/**
 * A session of the client that stays open: what is typed one after another goes to one process,
 * which costs no more starts.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { TextLineStream } from "./_lines.ts";
import type { Model, Step } from "./_model.ts";
import { readSession, type Session } from "./_session.ts";

/** A client that takes prompts as lines, and tells what becomes of each. */
export class Conversation implements AsyncDisposable {
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #stderr: Promise<string>;

  /** @param child The client, with `--input-format stream-json`. */
  constructor(
    private readonly child: Deno.ChildProcess,
    private readonly model: Model,
  ) {
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream()).getReader();
    this.#stderr = new Response(child.stderr).text();
  }

  /**
   * Types something, with a model that does what `steps` say; its turns are of this prompt alone.
   *
   * @throws {Error} When the client does not come to a result, or a step cannot be taken.
   */
  async ask(content: string, steps: Step[]): Promise<Session> {
    this.model.play(steps);
    const prompt = { type: "user", message: { role: "user", content } };
    const writer = this.child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${JSON.stringify(prompt)}\n`));
    writer.releaseLock();
    let stdout = "";
    // As `claude -p` ends with; that of the process is checked at its end.
    let code: number;
    for (;;) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error(`${stdout}${await this.#stderr}`);
      stdout += `${value}\n`;
      const { type, is_error: isError } = JSON.parse(value);
      if (type !== "result") continue;
      code = Number(isError);
      break;
    }
    const [failure] = this.model.failures;
    if (failure !== undefined) throw failure;
    return readSession({ code, stdout, stderr: "" }, this.model.turns);
  }

  /** Ends the client, as somebody who has typed everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stdin.close();
    for (;;) if ((await this.#lines.read()).done) break;
    const { code } = await this.child.status;
    assertEquals([code, await this.#stderr], [0, ""]);
  }
}
