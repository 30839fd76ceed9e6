/**
 * TCP channels: frames of `frames.ts` on a TCP connection.
 *
 * @module
 */

import { type Bytes, totalLength } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { accept } from "../waiting.ts";
import {
  type Channel,
  MAX_FRAME_BYTES_BEFORE_AUTH,
  type Traffic,
} from "./channel.ts";
import { FRAME_PREFIX_BYTES, FrameReader, writeFrame } from "./frames.ts";

/** Time that a closing channel waits for the peer to close too, in milliseconds. */
const LINGER_MS = 1_000;

/** Bytes that a closing channel reads from the peer and discards before it cuts the connection. */
const LINGER_BYTES = 4 * 1024 * 1024;

/** The destination of a connection. */
export interface TcpAddress {
  /** A host name, an IPv4 address or an IPv6 address without brackets. */
  hostname: string;
  port: number;
}

/** A listener, iterable over the channels that it accepts; may be disposed of twice. */
export interface TcpListener extends Disposable, AsyncIterable<Channel> {
  readonly port: number;
}

/**
 * Connects to the first address that answers; tries all at the same time.
 *
 * @param timeoutMs Time limit for one attempt; a firewall that drops packets never answers.
 * @throws {SpreadError} `UNREACHABLE` when none answers, with the reason of the first one.
 */
export async function connectTcp(
  addresses: TcpAddress[],
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<Channel> {
  const timeUp = AbortSignal.timeout(options.timeoutMs);
  const stopped = Promise.withResolvers<never>();
  const onStop = () => stopped.reject(new Error("No answer in time"));
  const ending = new AbortController();
  let isOver = false;
  const attempt = async (address: TcpAddress) => {
    const { signal } = ending;
    const conn = await Deno.connect({ ...address, signal });
    // Another address answered first, or the caller has given up.
    if (isOver) return conn.close();
    isOver = true;
    return new TcpChannel(conn);
  };
  for (const signal of [timeUp, options.signal]) {
    signal.addEventListener("abort", onStop, { once: true });
  }
  try {
    options.signal.throwIfAborted();
    return (await Promise.race([
      Promise.any(addresses.map(attempt)),
      stopped.promise,
    ]))!;
  } catch (error) {
    options.signal.throwIfAborted();
    const cause = error instanceof AggregateError ? error.errors[0] : error;
    const { hostname, port } = addresses[0]!;
    throw new SpreadError(
      "UNREACHABLE",
      `Cannot connect to ${formatAddress(hostname, port)}`,
      `Check that the sender is still sharing, and that its firewall allows TCP port ${port}`,
      { cause },
    );
  } finally {
    isOver = true;
    ending.abort();
    for (const signal of [timeUp, options.signal]) {
      signal.removeEventListener("abort", onStop);
    }
  }
}

/**
 * Listens for channels on a port of every interface, or of one.
 *
 * @param options `port` 0 chooses a free one; `hostname` is a local address.
 * @throws {SpreadError} `CANNOT_LISTEN` when the port is taken or the address is not ours.
 */
export function listenTcp(
  options: { port: number; hostname?: string },
): TcpListener {
  const listeners = options.hostname === undefined
    ? listenEverywhere(options.port)
    : [listen(options.hostname, options.port)];
  return {
    port: portOf(listeners[0]!),
    [Symbol.dispose]: () =>
      listeners.splice(0).forEach((listener) => listener.close()),
    [Symbol.asyncIterator]: () => acceptAll(listeners),
  };
}

/** Both address families: one dual-stack socket where the system has it, otherwise two. */
function listenEverywhere(port: number): Deno.Listener[] {
  let v6: Deno.Listener;
  try {
    v6 = listen("::", port);
  } catch (error) {
    if (
      port !== 0 && error instanceof SpreadError &&
      error.cause instanceof Deno.errors.AddrInUse
    ) {
      throw error;
    }
    return [listen("0.0.0.0", port)];
  }
  if (Deno.build.os !== "windows") return [v6];
  try {
    return [v6, listen("0.0.0.0", portOf(v6))];
  } catch (error) {
    v6.close();
    throw error;
  }
}

function listen(hostname: string, port: number): Deno.Listener {
  try {
    return Deno.listen({ hostname, port });
  } catch (cause) {
    throw new SpreadError(
      "CANNOT_LISTEN",
      `Cannot listen on ${formatAddress(hostname, port)}`,
      "Choose another --port, or leave it out for a free one",
      { cause },
    );
  }
}

function portOf(listener: Deno.Listener): number {
  return (listener.addr as Deno.NetAddr).port;
}

async function* acceptAll(listeners: Deno.Listener[]): AsyncGenerator<Channel> {
  const next = async (listener: Deno.Listener) => ({
    listener,
    conn: await accept(listener),
  });
  const pending = new Map(
    listeners.map((listener) => [listener, next(listener)]),
  );
  while (pending.size > 0) {
    const { listener, conn } = await Promise.race(pending.values());
    if (conn === null) {
      pending.delete(listener);
      continue;
    }
    pending.set(listener, next(listener));
    yield new TcpChannel(conn);
  }
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatAddress(hostname: string, port: number): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

class TcpChannel implements Channel {
  readonly peer: string;
  maxFrameBytes = MAX_FRAME_BYTES_BEFORE_AUTH;
  readonly #conn: Deno.Conn;
  readonly #reader: FrameReader;
  #writeBuffer: Bytes = new Uint8Array(0);
  #sent = 0;
  #lastSend: Promise<void> = Promise.resolve();
  #failure: Error | null = null;
  #peerClosed = false;
  /** Closing in order; a second caller waits for the first. */
  #closing: Promise<void> | null = null;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.#reader = new FrameReader((into) => conn.read(into));
    const { hostname } = conn.remoteAddr as Deno.NetAddr;
    this.peer = hostname.replace(/^::ffff:(?=\d+\.)/, "");
    // Handshake messages are small, and each one waits for an answer.
    if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
  }

  get traffic(): Traffic {
    return { received: this.#reader.received, sent: this.#sent };
  }

  send(...parts: Uint8Array[]): Promise<void> {
    // The chain survives a failed send; the caller of that send gets the error.
    const sending = this.#lastSend.catch(() => {}).then(() =>
      this.#write(parts)
    );
    this.#lastSend = sending;
    return sending;
  }

  async #write(parts: Uint8Array[]): Promise<void> {
    const length = FRAME_PREFIX_BYTES + totalLength(parts);
    if (this.#writeBuffer.length < length) {
      this.#writeBuffer = new Uint8Array(length);
    }
    let rest = writeFrame(this.#writeBuffer, parts);
    try {
      this.#check();
      while (rest.length > 0) {
        const count = await this.#conn.write(rest);
        this.#sent += count;
        rest = rest.subarray(count);
      }
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async receive(): Promise<Bytes | null> {
    try {
      this.#check();
      const frame = await this.#reader.next(this.maxFrameBytes);
      this.#check();
      if (frame === null) this.#peerClosed = true;
      return frame;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  abort(reason: Error): void {
    if (this.#failure !== null) return;
    this.#failure = reason;
    this.#conn.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    if (this.#failure !== null) return;
    const timer = Promise.withResolvers<null>();
    const id = setTimeout(() => timer.resolve(null), LINGER_MS);
    try {
      await this.#closeInOrder(timer.promise);
    } catch {
      // The peer was faster; there is no connection left to close.
    } finally {
      clearTimeout(id);
      this.abort(new SpreadError("PEER_GONE", "The connection is closed", ""));
    }
  }

  /**
   * Finishes pending sends, closes our direction, and waits until the peer has closed too.
   * Closing with unread bytes would reset the connection, and the peer could lose our last
   * frame.
   */
  async #closeInOrder(timeUp: Promise<null>): Promise<void> {
    await Promise.race([this.#lastSend.catch(() => {}), timeUp]);
    await this.#conn.closeWrite();
    const waste = new Uint8Array(4 * 1024);
    for (let taken = 0; !this.#peerClosed && taken < LINGER_BYTES;) {
      const count = await Promise.race([this.#conn.read(waste), timeUp]);
      if (count === null) return;
      taken += count;
    }
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #explain(error: unknown): Error {
    if (this.#failure !== null) return this.#failure;
    if (error instanceof SpreadError) return error;
    return new SpreadError(
      "PEER_GONE",
      "The connection to the other side was cut",
      undefined,
      { cause: error },
    );
  }
}
