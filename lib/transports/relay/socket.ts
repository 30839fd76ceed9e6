/**
 * A connection to a relay: text messages are the relay's, binary ones the peer's frames. A
 * plain relay forwards text as text, so there a text that is not a message of the relay is
 * the peer's too.
 *
 * Both directions wait for a slow other side: messages that we do not read stay with the
 * relay, and `send` waits while the relay does not take more.
 *
 * @module
 */

import { type Bytes, utf8 } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import {
  type ClientMessage,
  decodeRelayMessage,
  MAX_CONTROL_LENGTH,
  type RelayMessage,
} from "../../relay_messages.ts";
import { relayRefused, relaySilent } from "./errors.ts";
import { ViolationError, WebSocketClient } from "./websocket/client.ts";
import type { Dropped } from "./websocket/message.ts";

/** Time limit, in milliseconds, for reaching the relay, and for its first answer. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Time between two PINGs to the relay, in milliseconds. */
const HEARTBEAT_MS = 20_000;

/** Time limit for the answer to a PING once the network has changed, in milliseconds. */
const CHECK_MS = 4_000;

/** Longest control message of a relay, in bytes of UTF-8. */
const MAX_WORD_BYTES = 3 * MAX_CONTROL_LENGTH;

/** Close code of an orderly end (RFC 6455, section 7.4.1). */
const NORMAL = 1000;

/** Close code for a message that is too large (RFC 6455, section 7.4.1). */
const TOO_LARGE = 1009;

/** Our own close code for an abnormal end. */
const ABORTED = 4000;

/**
 * A message from the relay: one of its own, a frame of the peer, or the length of a frame that
 * was longer than wanted and therefore not kept.
 */
export type RelayInput =
  | { word: RelayMessage }
  | { frame: Bytes }
  | { tooLargeBytes: number };

/** Address of a relay, and the proxy through which to reach it. */
export interface RelayPlace {
  /** `wss://…`, or `ws://…`. */
  url: string;
  /** URL of an HTTP proxy to connect through; without it, the connection is direct. */
  proxy?: string;
}

/** An open connection. */
export class RelaySocket implements AsyncDisposable {
  /** Whether the relay forwards the peer's text as text, so that some text is not its own. */
  isPlain = false;
  /** Returns the longest frame wanted, in bytes; called when a message begins to arrive. */
  wantedBytes: () => number = () => 0;
  readonly #url: string;
  readonly #client: WebSocketClient;
  /**
   * Functions that reject pending work. `Promise.race` with one long-lived promise would keep
   * every frame in memory.
   */
  readonly #waiting = new Set<(reason: Error) => void>();
  #failure: Error | null = null;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #checking: ReturnType<typeof setTimeout> | undefined;
  /** Start of the read under way, by `performance.now()`; `null` when there is none. */
  #readingSinceMs: number | null = null;

  private constructor(url: string, client: WebSocketClient) {
    this.#url = url;
    this.#client = client;
  }

  /**
   * Connects to the relay.
   *
   * @throws {SpreadError} The error of `relayFailure()` for the step that failed; the
   *   signal's reason.
   */
  static async open(
    { url, proxy = undefined }: RelayPlace,
    signal: AbortSignal,
  ): Promise<RelaySocket> {
    signal.throwIfAborted();
    const timeUp = new AbortController();
    const timer = setTimeout(() => timeUp.abort(), CONNECT_TIMEOUT_MS);
    const either = AbortSignal.any([signal, timeUp.signal]);
    try {
      const client = await WebSocketClient.open(new URL(url), {
        proxy: proxy ?? null,
        signal: either,
      });
      return new RelaySocket(url, client);
    } catch (error) {
      signal.throwIfAborted();
      if (timeUp.signal.aborted) throw relaySilent(url);
      const { relayFailure } = await import("./failure.ts");
      throw relayFailure(url, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Detects a relay that has vanished without closing, even while nothing is sent. Not for
   * plain relays, which would forward the PING to the peer.
   *
   * @param intervalMs Time between two PINGs; tests shorten it.
   */
  keepAlive(intervalMs = HEARTBEAT_MS): void {
    this.#heartbeat ??= setInterval(() => {
      if (this.#silentMs > 2 * intervalMs) this.abort(connectionLost());
      else this.say({ type: "PING" }).catch(() => {});
    }, intervalMs);
  }

  /** Time for which the relay has sent nothing although we read, in milliseconds. */
  get #silentMs(): number {
    const since = this.#readingSinceMs;
    return since === null
      ? 0
      : performance.now() - Math.max(since, this.#client.lastHeardMs);
  }

  /**
   * Ends the connection within seconds if the relay does not answer, because the network has
   * changed. Not for plain relays, which would forward the PING to the peer.
   *
   * @param timeoutMs Time limit for the answer; tests shorten it.
   */
  check(timeoutMs = CHECK_MS): void {
    if (this.isPlain || this.#failure !== null) return;
    const { lastHeardMs } = this.#client;
    this.say({ type: "PING" }).catch(() => {});
    clearTimeout(this.#checking);
    this.#checking = setTimeout(() => {
      const isSilent = this.#client.lastHeardMs === lastHeardMs;
      if (this.#readingSinceMs !== null && isSilent) {
        this.abort(connectionLost());
      }
    }, timeoutMs);
  }

  /** Sends the relay a control message. @throws {SpreadError} `PEER_GONE`. */
  say(message: ClientMessage): Promise<void> {
    return this.#write(JSON.stringify(message));
  }

  /** Sends the peer one message made of `parts`. @throws {SpreadError} `PEER_GONE`. */
  send(parts: Uint8Array[]): Promise<void> {
    return this.#write(parts);
  }

  /** Sends the peer a text message, through a plain relay. @throws {SpreadError} `PEER_GONE`. */
  sendText(text: string): Promise<void> {
    return this.#write(text);
  }

  async #write(data: string | Uint8Array[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    try {
      await this.#unlessAborted(this.#client.write(data));
    } catch (cause) {
      throw this.#failure ?? connectionLost(cause);
    }
  }

  /**
   * Receives the relay's answer to our first message: {@linkcode receive} with a time
   * limit.
   *
   * @param timeoutMs Time limit, in milliseconds.
   * @param late Error to throw when the time is up.
   * @throws {SpreadError} `late` when the relay does not answer in time; by default
   *   `RELAY_UNREACHABLE`.
   */
  async answer(
    timeoutMs = CONNECT_TIMEOUT_MS,
    late = relaySilent(this.#url),
  ): Promise<RelayInput | null> {
    const patience = setTimeout(() => this.abort(late), timeoutMs);
    try {
      return await this.receive();
    } finally {
      clearTimeout(patience);
    }
  }

  /**
   * Returns the next message, or `null` once the relay has closed in order.
   *
   * @throws {SpreadError} `PEER_GONE` when the connection was cut; `FRAME_TOO_LARGE` when
   *   the relay closed it because our message was too large; `BAD_MESSAGE` when it breaks the
   *   protocol.
   */
  async receive(): Promise<RelayInput | null> {
    if (this.#failure !== null) throw this.#failure;
    const data = await this.#read();
    if (data === null) return null;
    if (data instanceof Uint8Array) return { frame: data };
    if (typeof data !== "string") return { tooLargeBytes: data.droppedBytes };
    const word = decodeRelayMessage(data);
    if (word !== null) return { word };
    if (this.isPlain) return { frame: utf8(data) };
    throw notUnderstood();
  }

  async #read(): Promise<string | Bytes | Dropped | null> {
    this.#readingSinceMs = performance.now();
    try {
      const wanted = () => Math.max(MAX_WORD_BYTES, this.wantedBytes());
      const message = await this.#unlessAborted(this.#client.read(wanted));
      if (typeof message === "string" || !("closeCode" in message)) {
        return message;
      }
      if (message.closeCode === NORMAL) return null;
      throw message.closeCode === TOO_LARGE
        ? relayRefused("message_too_large")
        : connectionLost();
    } catch (cause) {
      if (this.#failure !== null) throw this.#failure;
      if (cause instanceof SpreadError) throw cause;
      if (cause instanceof ViolationError) throw notUnderstood(cause);
      throw connectionLost(cause);
    } finally {
      this.#readingSinceMs = null;
    }
  }

  /** `work`, or a rejection as soon as the connection is aborted. */
  #unlessAborted<T>(work: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    work.then(resolve, reject).then(() => this.#waiting.delete(reject));
    return promise;
  }

  /** Ends the connection at once; pending calls fail with `reason`. */
  abort(reason: Error): void {
    if (this.#failure !== null) return;
    this.#fail(reason);
    void this.#client.finish(ABORTED);
  }

  /** Closes in order: messages that were sent still arrive. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#failure === null) this.#fail(connectionLost());
    await this.#client.finish(NORMAL);
  }

  #fail(reason: Error): void {
    this.#failure = reason;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#checking);
    for (const reject of this.#waiting) reject(reason);
    this.#waiting.clear();
  }
}

function notUnderstood(cause?: unknown): SpreadError {
  return new SpreadError(
    "BAD_MESSAGE",
    "The relay sent a message that this program does not understand",
    "Check that the address is that of a Claude Spread relay, and that both are up to date",
    { cause },
  );
}

function connectionLost(cause?: unknown): SpreadError {
  return new SpreadError(
    "PEER_GONE",
    "The connection to the relay was lost",
    "Check the network and try again",
    { cause },
  );
}
