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
import { utf8 } from "../bytes.ts";

/** A command to a share. */
export type ControlCommand = "ping" | "stop";

/** Longest line, in bytes. */
const MAX_LINE_BYTES = 1024;

/** Time limit for a whole exchange, in milliseconds. */
const TIMEOUT_MS = 2_000;

/** Most exchanges at the same time; further ones are refused. */
const MAX_EXCHANGES = 16;

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
  let exchanges = 0;
  const answer = async (conn: Deno.TcpConn) => {
    exchanges++;
    const command = await exchange(conn, { id, token })
      .finally(() => exchanges--);
    if (command === "stop") onStop();
  };
  void (async () => {
    try {
      for await (const conn of listener) {
        if (exchanges >= MAX_EXCHANGES) conn.close();
        else answer(conn).catch(() => {});
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

async function exchange(
  conn: Deno.TcpConn,
  { id, token }: { id: string; token: string },
): Promise<ControlCommand | null> {
  return await withinTime(conn, async () => {
    const request = v.parse(RequestSchema, await readLine(conn));
    if (!isSame(request.token, token)) return null;
    await writeLine(conn, { id });
    return request.command;
  });
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
    return await withinTime(conn, async () => {
      await writeLine(conn, { token: share.token, command });
      const answer = v.parse(AnswerSchema, await readLine(conn));
      return answer.id === share.id ? "answered" : "gone";
    });
  } catch (error) {
    const isOver = now.getTime() > Date.parse(share.ends);
    const isGone = error instanceof Deno.errors.ConnectionRefused || isOver;
    return isGone ? "gone" : "silent";
  }
}

async function withinTime<T>(
  conn: Deno.TcpConn,
  body: () => Promise<T>,
): Promise<T> {
  let isOpen = true;
  const close = () => {
    if (isOpen) conn.close();
    isOpen = false;
  };
  const timer = setTimeout(close, TIMEOUT_MS);
  try {
    return await body();
  } finally {
    clearTimeout(timer);
    close();
  }
}

async function readLine(conn: Deno.TcpConn): Promise<unknown> {
  const line = new Uint8Array(MAX_LINE_BYTES);
  let length = 0;
  while (length < line.length) {
    const count = await conn.read(line.subarray(length));
    if (count === null) break;
    length += count;
    const end = line.subarray(0, length).indexOf(0x0a);
    if (end !== -1) {
      return JSON.parse(new TextDecoder().decode(line.subarray(0, end)));
    }
  }
  throw new SyntaxError("No line has come");
}

async function writeLine(conn: Deno.TcpConn, value: object): Promise<void> {
  await conn.write(utf8(`${JSON.stringify(value)}\n`));
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [utf8(given), utf8(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
