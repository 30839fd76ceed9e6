/**
 * Hand-written WebSocket clients on TCP, cheap enough that a benchmark measures the server. They
 * implement the part of RFC 6455 that a benchmark needs: unfragmented frames, a mask of zeros,
 * and answers to pings. Do not use them with a server you do not trust.
 *
 * A server is named `relay:PORT` or `bare:PORT`, always on 127.0.0.1: the first is ours, the
 * second is one of `relay_bare.ts`, which pairs two clients that ask for the same path.
 *
 * @module
 */

import type { RelayMessage } from "../lib/relay_messages.ts";

/** Path on a bare server whose client is held alone. */
export const IDLE_PATH = "/idle";

export const OPCODES = { text: 1, binary: 2, ping: 9, pong: 10 } as const;

/** Most bytes of a payload in {@linkcode Frame.head}. */
const HEAD_BYTES = 1024;

/** One frame that has begun to arrive. */
export interface Frame {
  readonly opcode: number;
  readonly bytes: number;
  /** The beginning of the payload; valid until the next frame is requested. */
  readonly head: Uint8Array;
}

/** A client's frame, masked with zeros. */
export function frame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const headBytes = length < 126 ? 6 : length < 65_536 ? 8 : 14;
  const bytes = new Uint8Array(headBytes + length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x80 | opcode;
  bytes[1] = 0x80 | (headBytes === 6 ? length : headBytes === 8 ? 126 : 127);
  if (headBytes === 8) view.setUint16(2, length);
  if (headBytes === 14) view.setBigUint64(2, BigInt(length));
  bytes.set(payload, headBytes);
  return bytes;
}

/** A connection to a server. */
export class RawPeer {
  readonly #connection: Deno.TcpConn;
  readonly #buffer: Uint8Array<ArrayBuffer>;
  #start = 0;
  #end = 0;
  /** Unread bytes of the last payload. */
  #rest = 0;
  #written: Promise<void> = Promise.resolve();

  private constructor(connection: Deno.TcpConn, bufferBytes: number) {
    this.#connection = connection;
    this.#buffer = new Uint8Array(bufferBytes);
  }

  /**
   * Connects and asks for WebSocket.
   *
   * @param bufferBytes Size of one read; at least 2 KiB.
   */
  static async open(
    server: string,
    path = "/",
    bufferBytes = 256 * 1024,
  ): Promise<RawPeer> {
    const port = Number(server.split(":")[1]);
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    const peer = new RawPeer(connection, bufferBytes);
    await peer.write(new TextEncoder().encode(
      `GET ${path} HTTP/1.1\r\nhost: bench\r\nconnection: Upgrade\r\n` +
        "upgrade: websocket\r\nsec-websocket-version: 13\r\n" +
        "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    ));
    await peer.#skipHead();
    return peer;
  }

  /** Writes after all earlier writes. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#written = this.#written.then(() => this.#write(bytes));
  }

  /** Sends a control message. */
  say(message: Record<string, unknown>): Promise<void> {
    const text = new TextEncoder().encode(JSON.stringify(message));
    return this.write(frame(OPCODES.text, text));
  }

  /** The next frame other than a ping; `null` once the connection has ended. */
  async next(): Promise<Frame | null> {
    for (;;) {
      const taken = this.#take();
      if (taken === null) {
        if (!await this.#fill()) return null;
      } else if (taken.opcode !== OPCODES.ping) return taken;
      else void this.write(frame(OPCODES.pong, taken.head));
    }
  }

  /** The next control message of this type. */
  async said<T extends RelayMessage["type"]>(
    type: T,
  ): Promise<Extract<RelayMessage, { type: T }>> {
    for (;;) {
      const next = await this.next();
      if (next === null) throw new Error(`Closed before ${type}`);
      if (next.opcode !== OPCODES.text) continue;
      const message = JSON.parse(new TextDecoder().decode(next.head));
      if (message.type === type) return message;
      if (message.type === "ERROR") throw new Error(message.reason);
    }
  }

  #take(): Frame | null {
    const skipped = Math.min(this.#rest, this.#end - this.#start);
    this.#start += skipped;
    this.#rest -= skipped;
    const [buffer, start] = [this.#buffer, this.#start];
    const view = new DataView(buffer.buffer, start, this.#end - start);
    if (this.#rest > 0 || view.byteLength < 2) return null;
    const short = view.getUint8(1);
    const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (view.byteLength < headBytes) return null;
    const bytes = short < 126
      ? short
      : short === 126
      ? view.getUint16(2)
      : Number(view.getBigUint64(2));
    const looked = Math.min(bytes, HEAD_BYTES);
    if (view.byteLength < headBytes + looked) return null;
    this.#start += headBytes + looked;
    this.#rest = bytes - looked;
    const head = buffer.subarray(start + headBytes, this.#start);
    return { opcode: view.getUint8(0) & 0x0f, bytes, head };
  }

  async #skipHead(): Promise<void> {
    for (;;) {
      const text = new TextDecoder("latin1").decode(
        this.#buffer.subarray(0, this.#end),
      );
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) {
        this.#start = end + 4;
        if (text.startsWith("HTTP/1.1 101")) return;
        throw new Error(`Refused: ${text.slice(0, 80)}`);
      }
      if (!await this.#fill()) throw new Error("Closed without an answer");
    }
  }

  async #fill(): Promise<boolean> {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    const count = await this.#connection.read(this.#buffer.subarray(this.#end));
    this.#end += count ?? 0;
    return count !== null;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      at += await this.#connection.write(bytes.subarray(at));
    }
  }
}

/** Creates a room and waits in it; on a bare server, `name` is the path. */
export async function openRoom(
  server: string,
  name: string,
): Promise<{ peer: RawPeer; room: string }> {
  if (server.startsWith("bare:")) {
    return { peer: await RawPeer.open(server, `/${name}`), room: name };
  }
  const peer = await RawPeer.open(server);
  await peer.say({ type: "CREATE_ROOM", protocol: 2 });
  return { peer, room: (await peer.said("ROOM_CREATED")).room_id };
}

/** Joins a client that waits in a room. */
export async function joinRoom(server: string, room: string): Promise<RawPeer> {
  if (server.startsWith("bare:")) {
    return await RawPeer.open(server, `/${room}`);
  }
  const peer = await RawPeer.open(server);
  await peer.say({ type: "JOIN_ROOM", room_id: room, protocol: 2 });
  await peer.said("ROOM_JOINED");
  return peer;
}
