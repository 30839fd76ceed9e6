/**
 * A WebSocket client (RFC 6455) that does not trust its server: it refuses a message, in one frame
 * or in fragments, by its announced length before reading it, and reads nothing before the caller
 * asks for a message. The platform's client collects fragments without end, and cannot be stopped.
 *
 * @module
 */

import { type Bytes, utf8 } from "../../../bytes.ts";
import { ByteReader } from "./byte_reader.ts";
import { dialHost, type HostConn, writeAll } from "./dial.ts";
import { encodeFrame, type FrameHead, OPCODES, readHead } from "./frames.ts";
import { ArrivingMessage, type Dropped } from "./message.ts";
import { upgrade } from "./upgrade.ts";

/** Most pings that a server may send in a second. */
const MAX_PINGS_A_SECOND = 100;

/** Most frames that are read in a row, before everything else that waits gets a turn. */
const MAX_FRAMES_IN_A_ROW = 256;

/** Time for a server to close its side, in milliseconds, and bytes that it may still send. */
const LINGER_MS = 1_000;
const LINGER_BYTES = 16 * 1024 * 1024;

/** Close codes of RFC 6455, section 7.4.1. */
const NO_STATUS = 1005;
const ABNORMAL = 1006;

/** The end of an open WebSocket: the server's close code, or 1005 or 1006 where it sent none. */
export interface Closed {
  closeCode: number;
}

/** The result of {@linkcode WebSocketClient.read}: a message, or the end. */
export type MessageOrEnd = string | Bytes | Dropped | Closed;

/** Options of a connection. */
export interface WebSocketOptions {
  /** URL of an HTTP proxy to connect through; `null` for a direct connection. */
  proxy: string | null;
  /** Ends the attempt to connect; has no effect on an open connection. */
  signal: AbortSignal;
}

/** Thrown when a server breaks a rule of the protocol, or exceeds a limit of this client. */
export class ViolationError extends Error {
  override name = "ViolationError";
}

/** An open WebSocket. */
export class WebSocketClient {
  /** Time at which bytes last arrived, by `performance.now()`. */
  lastHeardMs = performance.now();
  readonly #conn: HostConn;
  readonly #reader: ByteReader;
  #writing: Promise<unknown> = Promise.resolve();
  #reading: Promise<unknown> = Promise.resolve();
  #isPonging = false;
  /** Whether the server's close has been answered, so that nothing more may be sent. */
  #isAnswered = false;
  /** Frames read since something else had a turn. */
  #framesInARow = 0;
  #pings = 0;
  #pingsSinceMs = 0;
  #finishing: Promise<void> | null = null;
  #isClosed = false;

  private constructor(conn: HostConn) {
    this.#conn = conn;
    this.#reader = new ByteReader(conn, () => {
      this.lastHeardMs = performance.now();
      this.#framesInARow = 0;
    });
  }

  /**
   * Connects, and performs the opening handshake.
   *
   * @param url `wss://…`, or `ws://…`.
   * @throws {OpeningError} Naming the step that failed; also when the signal is aborted.
   */
  static async open(
    url: URL,
    { proxy, signal }: WebSocketOptions,
  ): Promise<WebSocketClient> {
    const client = new WebSocketClient(await dialHost(url, proxy, signal));
    const close = () => client.#close();
    signal.addEventListener("abort", close, { once: true });
    if (signal.aborted) close();
    try {
      const key = random(16);
      await upgrade(client.#conn, client.#reader, url, key);
      return client;
    } catch (error) {
      client.#close();
      throw error;
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  /**
   * Reads the next message: text, bytes, or the end. Only one read may be under way.
   *
   * @param wantedBytes Returns the longest message wanted, in bytes; called when a message begins
   *   to arrive. A longer one is read, and none of it is kept.
   * @throws {ViolationError} After closing the connection. Also throws errors of the network.
   */
  read(wantedBytes: () => number): Promise<MessageOrEnd> {
    const reading = this.#read(wantedBytes);
    this.#reading = reading.catch(() => {});
    return reading;
  }

  /** Sends one message: text, or bytes in parts. Resolves once the network has taken it. */
  write(message: string | Uint8Array[]): Promise<void> {
    return typeof message === "string"
      ? this.#send(OPCODES.text, [utf8(message)])
      : this.#send(OPCODES.binary, message);
  }

  /** Closes after everything already sent, and gives the server one second to close too. */
  finish(closeCode: number): Promise<void> {
    return this.#finishing ??= this.#finish(closeCode);
  }

  async #read(wantedBytes: () => number): Promise<MessageOrEnd> {
    try {
      return await this.#message(wantedBytes);
    } catch (error) {
      if (error instanceof RangeError) {
        this.#close();
        throw new ViolationError(error.message);
      }
      throw error;
    }
  }

  async #message(wantedBytes: () => number): Promise<MessageOrEnd> {
    const message = new ArrivingMessage();
    let maxBytes = Infinity;
    for (;;) {
      const head = await this.#head();
      if (head === null) return { closeCode: ABNORMAL };
      if (head.opcode >= OPCODES.close) {
        const closed = await this.#control(head);
        if (closed !== null) return closed;
        continue;
      }
      if (!message.hasBegun) maxBytes = wantedBytes();
      const space = message.begin(head, maxBytes);
      const isThere = space === null
        ? await this.#reader.discard(head.payloadBytes)
        : await this.#reader.fill(space);
      if (!isThere) return { closeCode: ABNORMAL };
      if (head.isFinal) return message.whole();
    }
  }

  async #head(): Promise<FrameHead | null> {
    // The buffer can hold 32,000 empty frames, none of which waits for the network.
    if (++this.#framesInARow > MAX_FRAMES_IN_A_ROW) await this.#letOthersIn();
    for (;;) {
      const head = readHead(this.#reader.held);
      if (head !== null) {
        this.#reader.skip(head.headBytes);
        return head;
      }
      if (!(await this.#reader.more())) return null;
    }
  }

  async #letOthersIn(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#framesInARow = 0;
  }

  async #control(
    { opcode, payloadBytes }: FrameHead,
  ): Promise<Closed | null> {
    const payload = new Uint8Array(payloadBytes);
    if (!(await this.#reader.fill(payload))) return { closeCode: ABNORMAL };
    if (opcode === OPCODES.ping) this.#pong(payload);
    if (opcode !== OPCODES.close) return null;
    const code = payloadBytes < 2
      ? NO_STATUS
      : new DataView(payload.buffer).getUint16(0);
    const answer = payloadBytes < 2 ? [] : [payload.subarray(0, 2)];
    this.#send(OPCODES.close, answer).catch(() => {});
    this.#isAnswered = true;
    return { closeCode: code };
  }

  /** Answers a ping, unless the network has not taken the last answer yet. */
  #pong(payload: Bytes): void {
    const nowMs = performance.now();
    if (nowMs - this.#pingsSinceMs > 1_000) {
      this.#pingsSinceMs = nowMs;
      this.#pings = 0;
    }
    if (++this.#pings > MAX_PINGS_A_SECOND) {
      throw new RangeError("Too many pings");
    }
    if (this.#isPonging) return;
    this.#isPonging = true;
    this.#send(OPCODES.pong, [payload]).catch(() => {}).finally(() => {
      this.#isPonging = false;
    });
  }

  #send(opcode: number, parts: Uint8Array[]): Promise<void> {
    const frame = encodeFrame(opcode, parts, random(4));
    const sending = this.#writing.then(() => writeAll(this.#conn, frame));
    this.#writing = sending.catch(() => {});
    return sending;
  }

  async #finish(closeCode: number): Promise<void> {
    const timer = setTimeout(() => this.#close(), LINGER_MS);
    const code = Uint8Array.of(closeCode >> 8, closeCode & 0xff);
    try {
      if (!this.#isAnswered) await this.#send(OPCODES.close, [code]);
      await Promise.all([this.#writing, this.#reading]);
      let left = LINGER_BYTES;
      do {
        left -= this.#reader.held.length;
        this.#reader.skip(this.#reader.held.length);
      } while (left > 0 && await this.#reader.more());
    } catch {
      // The connection has failed or is closed already.
    } finally {
      clearTimeout(timer);
      this.#close();
    }
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#conn.close();
    } catch {
      // A connection that has failed may be closed already.
    }
  }
}

/** Returns random bytes for keys and masks, which are not secret (RFC 6455, section 5.3). */
function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}
