/**
 * The exchange between a share and its owner's commands, over loopback.
 *
 * One line of JSON each way: `{"token", "command"}` → `{"id"}`.
 *
 * @module
 */

import * as v from "valibot";
import { utf8 } from "../bytes.ts";

/** A command to a share. */
export type ControlCommand = "ping" | "stop";

/** Longest line, in bytes; whoever sends it has proved nothing yet. */
const MAX_LINE_BYTES = 128;

/** Time limit for a whole exchange, in milliseconds. */
const TIMEOUT_MS = 2_000;

const AnswerSchema = v.object({ id: v.string() });

/**
 * Outcome of a command to a share: `gone` when nothing listens on its port any more,
 * `silent` when something listens but does not answer. Other users of the machine can keep
 * the share from answering, so silence does not mean that it has ended before its time is
 * over.
 */
export type ShareAnswer = "answered" | "gone" | "silent";

/**
 * Sends a command to a share.
 *
 * @param share The share's entry.
 */
export async function askShare(
  share: { id: string; port: number; token: string; ends: string },
  command: ControlCommand,
  now: Date,
): Promise<ShareAnswer> {
  try {
    const conn = await Deno.connect({
      hostname: "127.0.0.1",
      port: share.port,
    });
    using exchange = new Exchange(conn);
    await exchange.writeLine({ token: share.token, command });
    const answer = v.parse(AnswerSchema, await exchange.readLine());
    return answer.id === share.id ? "answered" : "gone";
  } catch (error) {
    const isOver = now.getTime() > Date.parse(share.ends);
    const isGone = error instanceof Deno.errors.ConnectionRefused || isOver;
    return isGone ? "gone" : "silent";
  }
}

/** Lines on one connection, which is closed when the time is up. */
export class Exchange implements Disposable {
  #isOpen = true;
  readonly #timer = setTimeout(() => this[Symbol.dispose](), TIMEOUT_MS);

  constructor(private readonly conn: Deno.TcpConn) {}

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    if (this.#isOpen) this.conn.close();
    this.#isOpen = false;
  }

  /** Reads a line of at most {@linkcode MAX_LINE_BYTES}. */
  async readLine(): Promise<unknown> {
    const line = new Uint8Array(MAX_LINE_BYTES);
    let length = 0;
    while (length < line.length) {
      const count = await this.conn.read(line.subarray(length));
      if (count === null) break;
      length += count;
      const end = line.subarray(0, length).indexOf(0x0a);
      if (end !== -1) {
        return JSON.parse(new TextDecoder().decode(line.subarray(0, end)));
      }
    }
    throw new SyntaxError("No line has come");
  }

  /** Writes a value as a line. */
  async writeLine(value: object): Promise<void> {
    await this.conn.write(utf8(`${JSON.stringify(value)}\n`));
  }
}
