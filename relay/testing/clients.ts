/**
 * Clients of a relay, for tests: the platform's WebSocket, and a hand-written one that can break
 * the rules.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** Longest wait of a test, in milliseconds. */
const PATIENCE_MS = 8_000;

const PONG = '{"type":"PONG"}';

/** A parsed message of the relay. */
export type Said = Record<string, unknown>;

/** Resolves as `promise` does; rejects when that takes too long. */
export async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No ${what}`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until a condition holds. */
export async function until(
  isSo: () => boolean,
  what = "change",
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`No ${what}`);
    await sleep(5);
  }
}

/** Waits for `ms` milliseconds. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A client that follows the rules: the platform's WebSocket. */
export class TestClient implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #received: (string | Uint8Array)[] = [];
  #wake = () => {};
  /** PONGs received; they do not count as messages. */
  pongs = 0;
  /** Resolves to the close code. */
  readonly closed: Promise<number>;

  private constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onmessage = ({ data }) => {
      if (data === PONG) return void this.pongs++;
      this.#received.push(
        typeof data === "string" ? data : new Uint8Array(data),
      );
      this.#wake();
    };
    // Always followed by "close".
    this.#socket.onerror = () => {};
    this.closed = new Promise((resolve) => {
      this.#socket.onclose = ({ code }) => resolve(code);
    });
  }

  /** Connects; rejects when the relay refuses. */
  static async open(url: string): Promise<TestClient> {
    const client = new TestClient(url);
    const opened = new Promise<boolean>((resolve) => {
      client.#socket.onopen = () => resolve(true);
    });
    const isOpen = await Promise.race([
      opened,
      client.closed.then(() => false),
    ]);
    if (!isOpen) throw new Error("The relay does not let us in");
    return client;
  }

  /** Bytes not sent yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Messages received that {@linkcode next} has not returned. */
  get unread(): readonly (string | Uint8Array)[] {
    return this.#received;
  }

  /** Sends bytes as binary, a string as text and an object as JSON. */
  send(data: Said | string | Uint8Array<ArrayBuffer>): void {
    const isRaw = typeof data === "string" || data instanceof Uint8Array;
    this.#socket.send(isRaw ? data : JSON.stringify(data));
  }

  /** The next message. */
  async next(): Promise<string | Uint8Array> {
    while (this.#received.length === 0) {
      const woken = new Promise<void>((resolve) => this.#wake = resolve);
      await soon(Promise.race([woken, this.closed]), "message");
      if (this.#received.length === 0 && !this.#isOpen) {
        throw new Error("Closed without a message");
      }
    }
    return this.#received.shift()!;
  }

  /** The next message, which must come from the relay. */
  async said(): Promise<Said> {
    const message = await this.next();
    if (typeof message !== "string") throw new Error("Binary, not control");
    return JSON.parse(message);
  }

  /** Sends a message and returns the relay's answer. */
  async ask(data: Said | string | Uint8Array<ArrayBuffer>): Promise<Said> {
    this.send(data);
    return await this.said();
  }

  close(code?: number): Promise<number> {
    this.#socket.close(code);
    return soon(this.closed, "end of the connection");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }
}

/** Opcodes of frames: RFC 6455, section 5.2. */
export const OPCODES = {
  more: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** A received frame. */
export interface Frame {
  opcode: number;
  payload: Uint8Array;
}

/** Departures from a well-formed frame. */
export interface FrameOptions {
  isFinal?: boolean;
  isMasked?: boolean;
  /** Length announced in the header, whatever the payload is. */
  announced?: number;
  /** Reserved bits of the first byte, which must be zero. */
  reserved?: number;
}

/** Writes a frame by hand, so that any part of it can be wrong. */
export function frame(
  opcode: number,
  payload: Uint8Array | string,
  options: FrameOptions = {},
): Uint8Array {
  const { isFinal = true, isMasked = true, reserved = 0 } = options;
  const body = Buffer.from(
    typeof payload === "string" ? new TextEncoder().encode(payload) : payload,
  );
  const length = options.announced ?? body.length;
  const head = [(isFinal ? 0x80 : 0) | reserved | opcode];
  const flag = isMasked ? 0x80 : 0;
  if (length < 126) head.push(flag | length);
  else if (length < 65_536) head.push(flag | 126, length >> 8, length & 0xff);
  else {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(length));
    head.push(flag | 127, ...bytes);
  }
  // A mask of zeros leaves the payload unchanged.
  if (isMasked) head.push(0, 0, 0, 0);
  return Buffer.concat([Buffer.from(head), body]);
}

/** A hand-written client on TCP, which reads only when asked to. */
export class RawClient implements Disposable {
  readonly #connection: Deno.TcpConn;
  #buffer = Buffer.alloc(0);
  #isClosed = false;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  /** Connects and sends nothing. */
  static async connect(url: string): Promise<RawClient> {
    const port = Number(new URL(url).port);
    return new RawClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Connects and asks for WebSocket; rejects with the status when the relay refuses. */
  static async open(
    url: string,
    headers: Record<string, string> = {},
  ): Promise<RawClient> {
    const client = await RawClient.connect(url);
    const status = await client.upgrade(headers);
    if (status === 101) return client;
    client.close();
    throw new Error(`Refused with ${status}`);
  }

  /** Asks for WebSocket; returns the status. */
  async upgrade(headers: Record<string, string> = {}): Promise<number> {
    const lines = Object.entries({
      host: "relay",
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    await this.write(`GET / HTTP/1.1\r\n${lines.join("")}\r\n`);
    return await this.status();
  }

  /** Reads the head of an HTTP answer; returns its status. */
  async status(): Promise<number> {
    for (;;) {
      const end = this.#buffer.indexOf("\r\n\r\n");
      if (end >= 0) {
        const head = this.#buffer.subarray(0, end).toString();
        this.#buffer = this.#buffer.subarray(end + 4);
        return Number(head.split(" ")[1]);
      }
      if (!await this.#fill()) throw new Error("Closed without an answer");
    }
  }

  async write(data: Uint8Array | string): Promise<void> {
    let rest = typeof data === "string" ? new TextEncoder().encode(data) : data;
    while (rest.length > 0) {
      rest = rest.subarray(await this.#connection.write(rest));
    }
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

  /** The next frame, including pings; `null` once the connection has ended. */
  async next(): Promise<Frame | null> {
    for (;;) {
      const taken = this.#take();
      if (taken !== null) return taken;
      if (!await this.#fill()) return null;
    }
  }

  /** The next control message; answers pings meanwhile. */
  async said(): Promise<Said> {
    for (;;) {
      const next = await this.next();
      if (next === null) throw new Error("Closed without a message");
      if (next.opcode === OPCODES.ping) {
        await this.send(OPCODES.pong, next.payload);
      } else if (next.opcode === OPCODES.text) {
        const text = new TextDecoder().decode(next.payload);
        if (text !== PONG) return JSON.parse(text);
      } else throw new Error(`A frame of kind ${next.opcode}`);
    }
  }

  async ask(message: Said): Promise<Said> {
    await this.say(message);
    return await this.said();
  }

  /** Every frame until the connection ends. */
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
    return this.#buffer.toString();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #take(): Frame | null {
    const buffer = this.#buffer;
    if (buffer.length < 2) return null;
    const short = buffer[1]! & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (buffer.length < start) return null;
    const length = short < 126
      ? short
      : short === 126
      ? buffer.readUInt16BE(2)
      : Number(buffer.readBigUInt64BE(2));
    if (buffer.length < start + length) return null;
    this.#buffer = buffer.subarray(start + length);
    const payload = new Uint8Array(buffer.subarray(start, start + length));
    return { opcode: buffer[0]! & 0x0f, payload };
  }

  async #fill(): Promise<boolean> {
    const chunk = new Uint8Array(65_536);
    try {
      const count = await soon(this.#connection.read(chunk), "bytes");
      if (count === null) return false;
      this.#buffer = Buffer.concat([this.#buffer, chunk.subarray(0, count)]);
      return true;
    } catch (error) {
      // A reset is as good as an orderly end here.
      if (error instanceof Deno.errors.ConnectionReset) return false;
      throw error;
    }
  }
}
