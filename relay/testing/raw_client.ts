/**
 * A WebSocket client by hand on TCP, which can break every rule of RFC 6455 and reads only when
 * told to: for tests, and for benchmarks, because it is so cheap that the server is what is
 * measured. It takes frames as they come and masks with zeros. Not a client to talk to strangers
 * with.
 *
 * @module
 */

import { writeAll } from "../../lib/testing/streams.ts";
import { PONG, type Said, soon } from "./clients.ts";

/** Kinds of frames: RFC 6455, section 5.2. */
export const OPCODES = {
  more: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** One frame that has come. */
export interface Frame {
  readonly opcode: number;
  /** How long its payload is. */
  readonly bytes: number;
  /** The payload, or as much of its beginning as is wanted. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** How a frame departs from the usual. */
export interface FrameOptions {
  isFinal?: boolean;
  isMasked?: boolean;
  /** Length that the header announces, whatever the payload is. */
  announced?: number;
  /** Bits of the first byte that nobody may set. */
  reserved?: number;
}

/** How a client is set up; all of it may be left out. */
export interface RawClientOptions {
  /** How much it reads at once; it takes more where a frame is larger. */
  bufferBytes?: number;
  /**
   * How much of a payload is wanted, and only until the next frame is asked for: what is beyond
   * is passed over.
   */
  wantedBytes?: number;
  /** Waits for as long as it takes; else not longer than a test may. */
  isPatient?: boolean;
}

/** Writes a frame by hand, so that all of it can be wrong. */
export function frame(
  opcode: number,
  payload: Uint8Array | string,
  options: FrameOptions = {},
): Uint8Array {
  const { isFinal = true, isMasked = true, reserved = 0 } = options;
  const body = typeof payload === "string"
    ? new TextEncoder().encode(payload)
    : payload;
  const length = options.announced ?? body.length;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  // A mask of zeros leaves the payload as it is.
  const headBytes = 2 + lengthBytes + (isMasked ? 4 : 0);
  const bytes = new Uint8Array(headBytes + body.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = (isFinal ? 0x80 : 0) | reserved | opcode;
  bytes[1] = (isMasked ? 0x80 : 0) |
    (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
  if (lengthBytes === 2) view.setUint16(2, length);
  if (lengthBytes === 8) view.setBigUint64(2, BigInt(length));
  bytes.set(body, headBytes);
  return bytes;
}

/** A connection to a server. */
export class RawClient implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #options: RawClientOptions;
  #buffer: Uint8Array<ArrayBuffer>;
  /** Start of the bytes in the buffer that have come and were not taken. */
  #start = 0;
  #end = 0;
  /** Bytes of the last payload that nobody wants, still to come. */
  #unwanted = 0;
  #written: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(connection: Deno.TcpConn, options: RawClientOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#buffer = new Uint8Array(options.bufferBytes ?? 65_536);
  }

  /** Connects without a word. */
  static async connect(
    url: string,
    options: RawClientOptions = {},
  ): Promise<RawClient> {
    const port = Number(new URL(url).port);
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    return new RawClient(connection, options);
  }

  /** Connects and asks for WebSocket; rejects with the status when refused. */
  static async open(
    url: string,
    headers: Record<string, string> = {},
    options: RawClientOptions = {},
  ): Promise<RawClient> {
    const client = await RawClient.connect(url, options);
    const status = await client.upgrade(headers, new URL(url).pathname);
    if (status === 101) return client;
    client.close();
    throw new Error(`Refused with ${status}`);
  }

  /** Asks for WebSocket; returns the status. */
  async upgrade(
    headers: Record<string, string> = {},
    path = "/",
  ): Promise<number> {
    const lines = Object.entries({
      host: "relay",
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    await this.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
    return await this.status();
  }

  /** Reads the head of an HTTP answer; returns its status. */
  async status(): Promise<number> {
    for (;;) {
      // One character a byte.
      const text = new TextDecoder("latin1").decode(this.#come);
      const end = text.indexOf("\r\n\r\n");
      if (end >= 0) {
        this.#start += end + 4;
        return Number(text.split(" ")[1]);
      }
      if (!await this.#fill()) throw new Error("Closed without an answer");
    }
  }

  /** Writes after all that is still being written. */
  write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === "string"
      ? new TextEncoder().encode(data)
      : data;
    return this.#written = this.#written.then(() =>
      writeAll(this.#connection, bytes)
    );
  }

  async send(
    opcode: number,
    payload: Uint8Array | string,
    options?: FrameOptions,
  ): Promise<void> {
    await this.write(frame(opcode, payload, options));
  }

  /** Sends a control message. */
  async say(message: Said): Promise<void> {
    await this.send(OPCODES.text, JSON.stringify(message));
  }

  /** The next frame, pings among them; `null` once the connection has ended. */
  async next(): Promise<Frame | null> {
    for (;;) {
      const taken = this.#take();
      if (taken !== null) return taken;
      if (!await this.#fill()) return null;
    }
  }

  /** The next frame that is no ping; those are answered. */
  async unpinged(): Promise<Frame | null> {
    for (;;) {
      const taken = this.#take();
      if (taken === null) {
        if (!await this.#fill()) return null;
      } else if (taken.opcode !== OPCODES.ping) return taken;
      else await this.send(OPCODES.pong, taken.payload);
    }
  }

  /** The next control message; pings are answered. */
  async said(): Promise<Said> {
    for (;;) {
      const next = await this.unpinged();
      if (next === null) throw new Error("Closed without a message");
      if (next.opcode !== OPCODES.text) {
        throw new Error(`A frame of kind ${next.opcode}`);
      }
      const text = new TextDecoder().decode(next.payload);
      if (text !== PONG) return JSON.parse(text);
    }
  }

  async ask(message: Said): Promise<Said> {
    await this.say(message);
    return await this.said();
  }

  /** Everything until the connection ends. */
  async rest(): Promise<Frame[]> {
    const frames: Frame[] = [];
    for (;;) {
      const next = await this.next();
      if (next === null) return frames;
      frames.push(next);
    }
  }

  /** Everything until the connection ends, as text. */
  async text(): Promise<string> {
    while (await this.#fill());
    return new TextDecoder().decode(this.#come);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The bytes that have come and were not taken. */
  get #come(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  #take(): Frame | null {
    this.#passOver();
    const [buffer, start] = [this.#buffer, this.#start];
    const length = this.#end - start;
    if (this.#unwanted > 0 || length < 2) return null;
    const head = new DataView(buffer.buffer, start, length);
    const short = head.getUint8(1) & 0x7f;
    const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (length < headBytes) return null;
    const bytes = short < 126
      ? short
      : short === 126
      ? head.getUint16(2)
      : Number(head.getBigUint64(2));
    const { wantedBytes } = this.#options;
    const end = headBytes + Math.min(bytes, wantedBytes ?? Infinity);
    if (length < end) return null;
    const view = buffer.subarray(start + headBytes, start + end);
    const payload = wantedBytes === undefined ? view.slice() : view;
    this.#start += end;
    this.#unwanted = headBytes + bytes - end;
    return { opcode: head.getUint8(0) & 0x0f, bytes, payload };
  }

  #passOver(): void {
    const passed = Math.min(this.#unwanted, this.#end - this.#start);
    this.#start += passed;
    this.#unwanted -= passed;
  }

  async #fill(): Promise<boolean> {
    this.#makeRoom();
    const read = this.#connection.read(this.#buffer.subarray(this.#end));
    try {
      const count =
        await (this.#options.isPatient ? read : soon(read, "bytes"));
      this.#end += count ?? 0;
      return count !== null;
    } catch (error) {
      // Ended at once, which is as good as in order here.
      if (error instanceof Deno.errors.ConnectionReset) return false;
      throw error;
    }
  }

  #makeRoom(): void {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    if (this.#end < this.#buffer.length) return;
    const full = this.#buffer;
    this.#buffer = new Uint8Array(2 * full.length);
    this.#buffer.set(full);
  }
}
