/**
 * Control of a share by its owner: `status` and `stop` talk to it over loopback, with the
 * token from its entry. Without the token a peer learns nothing and changes nothing.
 *
 * One line of JSON each way: `{"token", "command"}` → `{"id"}`.
 *
 * @module
 */

import { timingSafeEqual } from "@std/crypto";
import * as v from "valibot";
import { Admission, OWNER_LIMITS } from "../admission/admission.ts";
import { utf8 } from "../bytes.ts";

/** A command to a share. */
export type ControlCommand = "ping" | "stop";

/** Longest line, in bytes; whoever sends it has proved nothing yet. */
const MAX_LINE_BYTES = 128;

/** Time limit for a whole exchange, in milliseconds. */
const TIMEOUT_MS = 2_000;

const RequestSchema = v.object({
  token: v.string(),
  command: v.picklist(["ping", "stop"]),
});

const AnswerSchema = v.object({ id: v.string() });

/** The listener of a share for its owner. */
export interface Control extends Disposable {
  port: number;
}

/**
 * Listens to the owner.
 *
 * @param onStop Called when the owner wants the share to end, once the answer is sent.
 */
export function listenToOwner(
  { id, token, onStop }: { id: string; token: string; onStop: () => void },
): Control {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const admission = new Admission(OWNER_LIMITS);
  const answer = async (conn: Deno.TcpConn) => {
    using exchanging = new Exchange(conn);
    // Other users of this machine can connect as well, and be silent.
    using _place = admission.enter("", () => exchanging[Symbol.dispose]());
    const command = await hear(exchanging, { id, token });
    if (command === "stop") onStop();
  };
  void (async () => {
    try {
      for await (const conn of listener) {
        answer(conn).catch(() => {});
      }
    } catch {
      // The listener is closed.
    }
  })();
  return {
    port: listener.addr.port,
    [Symbol.dispose]: () => listener.close(),
  };
}

/** Reads a command of the owner, and answers it; `null` for anybody else. */
async function hear(
  exchange: Exchange,
  { id, token }: { id: string; token: string },
): Promise<ControlCommand | null> {
  const request = v.parse(RequestSchema, await exchange.readLine());
  if (!isSame(request.token, token)) return null;
  await exchange.writeLine({ id });
  return request.command;
}

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
class Exchange implements Disposable {
  #isOpen = true;
  readonly #timer = setTimeout(() => this[Symbol.dispose](), TIMEOUT_MS);

  constructor(private readonly conn: Deno.TcpConn) {}

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    if (this.#isOpen) this.conn.close();
    this.#isOpen = false;
  }

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

  async writeLine(value: object): Promise<void> {
    await this.conn.write(utf8(`${JSON.stringify(value)}\n`));
  }
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [utf8(given), utf8(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
