/**
 * A connection to a relay: the relay's words in text messages, the peer's frames in binary ones.
 * On a plain relay, which forwards text as text, text that is not a word is the peer's as well.
 *
 * Both directions wait for a slow other side: what we do not read stays with the relay, and
 * what the relay does not take keeps `send` waiting.
 *
 * @module
 */

import { type Bytes, concatBytes, utf8 } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import {
  type ClientMessage,
  decodeRelayMessage,
  type RelayMessage,
} from "../../relay_messages.ts";
import { relayRefused, relaySilent } from "./errors.ts";

/** Time, in milliseconds, to reach the relay, and for it to answer the first words. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Time, in milliseconds, between two signs of life that are asked of the relay. */
const HEARTBEAT_MS = 20_000;

/** Close code of an orderly end (RFC 6455, section 7.4.1). */
const NORMAL = 1000;

/** Close code for a message that is too large (RFC 6455, section 7.4.1). */
const TOO_LARGE = 1009;

/** Close code of our own for an end out of order. */
const ABORTED = 4000;

/** What the engine really takes and gives; its types are of an older draft. */
interface CloseInfo {
  closeCode: number;
}

/** A message from the relay: a word of its own, or a frame of the peer. */
export type RelayInput = { word: RelayMessage } | { frame: Bytes };

/** An open connection. */
export class RelaySocket implements AsyncDisposable {
  /** Whether the relay forwards the peer's text as text, so that not all text is its own. */
  isPlain = false;
  readonly #stream: WebSocketStream;
  readonly #reader: ReadableStreamDefaultReader<
    string | Uint8Array<ArrayBuffer>
  >;
  readonly #writer: WritableStreamDefaultWriter<string | Uint8Array>;
  /** Rejects what waits; kept apart from it, as `Promise.race` with one long promise keeps every frame. */
  readonly #waiting = new Set<(reason: Error) => void>();
  #failure: Error | null = null;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #lastHeardMs = performance.now();
  #isReading = false;

  private constructor(
    stream: WebSocketStream,
    { readable, writable }: WebSocketConnection,
  ) {
    this.#stream = stream;
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.#writer.closed.catch(() => {});
    stream.closed.catch(() => {});
  }

  /**
   * Connects to the relay.
   *
   * @param url `wss://…`, or `ws://…`.
   * @throws {SpreadError} What `relayFailure()` makes of the step that failed; the signal's reason.
   */
  static async open(url: string, signal: AbortSignal): Promise<RelaySocket> {
    signal.throwIfAborted();
    const opening = new AbortController();
    let isTimeUp = false;
    // Deno throws out of abort() when the attempt has failed meanwhile, so that the signal
    // must not outlive the attempt.
    const giveUp = () => {
      try {
        opening.abort();
      } catch {
        // It has failed by itself.
      }
    };
    const timer = setTimeout(() => {
      isTimeUp = true;
      giveUp();
    }, CONNECT_TIMEOUT_MS);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      const stream = new WebSocketStream(url, { signal: opening.signal });
      stream.closed.catch(() => {});
      return new RelaySocket(stream, await stream.opened);
    } catch (cause) {
      signal.throwIfAborted();
      if (isTimeUp) throw relaySilent(url);
      const { relayFailure } = await import("./failure.ts");
      throw await relayFailure(url, cause, signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
  }

  /**
   * Notices a relay that has vanished without a word, also when there is nothing to say.
   * Not for plain relays, which would forward the PING to the peer.
   *
   * @param intervalMs Time between two signs of life that are asked for; tests shorten it.
   */
  keepAlive(intervalMs = HEARTBEAT_MS): void {
    this.#heartbeat ??= setInterval(() => {
      const silentMs = performance.now() - this.#lastHeardMs;
      if (this.#isReading && silentMs > 2 * intervalMs) {
        this.abort(connectionLost());
      } else this.say({ type: "PING" }).catch(() => {});
    }, intervalMs);
  }

  /** Tells the relay something. @throws {SpreadError} `PEER_GONE`. */
  say(message: ClientMessage): Promise<void> {
    return this.#write(JSON.stringify(message));
  }

  /** Sends the peer one message made of `parts`. @throws {SpreadError} `PEER_GONE`. */
  send(parts: Uint8Array[]): Promise<void> {
    return this.#write(concatBytes(...parts));
  }

  /** Sends the peer a text message, through a plain relay. @throws {SpreadError} `PEER_GONE`. */
  sendText(text: string): Promise<void> {
    return this.#write(text);
  }

  async #write(data: string | Uint8Array): Promise<void> {
    // Over TLS the engine may keep what is written in the turn of a read until the next write.
    if (this.#stream.url.startsWith("wss:")) await nextTurn();
    if (this.#failure !== null) throw this.#failure;
    try {
      await this.#unlessAborted(this.#writer.write(data));
    } catch (cause) {
      throw this.#failure ?? connectionLost(cause);
    }
  }

  /**
   * The relay's answer to our first word; like {@linkcode receive}, with a time limit.
   *
   * @param timeoutMs How long to wait.
   * @param late Error to throw when the time is up.
   * @throws {SpreadError} `late` when it says nothing in time; by default `RELAY_UNREACHABLE`.
   */
  async answer(
    timeoutMs = CONNECT_TIMEOUT_MS,
    late = relaySilent(this.#stream.url),
  ): Promise<RelayInput | null> {
    const patience = setTimeout(() => this.abort(late), timeoutMs);
    try {
      return await this.receive();
    } finally {
      clearTimeout(patience);
    }
  }

  /**
   * What comes next, or `null` once the relay has closed in order.
   *
   * @throws {SpreadError} `PEER_GONE` when the connection was cut; `FRAME_TOO_LARGE` when the
   *   relay closed it for what we sent; `BAD_MESSAGE`.
   */
  async receive(): Promise<RelayInput | null> {
    if (this.#failure !== null) throw this.#failure;
    const data = await this.#read();
    if (data === null) return null;
    if (typeof data !== "string") return { frame: data };
    const word = decodeRelayMessage(data);
    if (word !== null) return { word };
    if (this.isPlain) return { frame: utf8(data) };
    throw new SpreadError(
      "BAD_MESSAGE",
      "The relay said something that is not understood",
      "Check that the address is that of a Claude Spread relay, and update both",
    );
  }

  async #read(): Promise<string | Bytes | null> {
    this.#isReading = true;
    try {
      const { value, done } = await this.#unlessAborted(this.#reader.read());
      if (!done) return value;
    } catch (cause) {
      throw this.#failure ?? connectionLost(cause);
    } finally {
      this.#isReading = false;
      this.#lastHeardMs = performance.now();
    }
    const code = await this.#closeCode();
    if (code === NORMAL) return null;
    if (code === TOO_LARGE) throw relayRefused("message_too_large");
    throw this.#failure ?? connectionLost();
  }

  /** `work`, or a rejection as soon as the connection is aborted. */
  #unlessAborted<T>(work: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.add(reject);
    work.then(resolve, reject).then(() => this.#waiting.delete(reject));
    return promise;
  }

  #rejectAll(reason: Error): void {
    for (const reject of this.#waiting) reject(reason);
    this.#waiting.clear();
  }

  async #closeCode(): Promise<number> {
    try {
      return (await this.#stream.closed as unknown as CloseInfo).closeCode;
    } catch (cause) {
      throw this.#failure ?? connectionLost(cause);
    }
  }

  /** Ends the connection at once; what waits fails with `reason`. */
  abort(reason: Error): void {
    if (this.#failure !== null) return;
    this.#failure = reason;
    clearInterval(this.#heartbeat);
    this.#rejectAll(reason);
    this.#close(ABORTED);
  }

  /** Closes in order: what was sent still arrives. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#heartbeat);
    if (this.#failure === null) {
      this.#failure = connectionLost();
      this.#close(NORMAL);
    }
    // A relay that does not answer the closing is not waited for.
    const patience = AbortSignal.timeout(1_000);
    const givenUp = new Promise<void>((resolve) =>
      patience.addEventListener("abort", () => resolve(), { once: true })
    );
    await Promise.race([this.#drain(), givenUp]);
    this.#rejectAll(this.#failure);
  }

  /** The closing is seen behind what was still on its way to us. */
  async #drain(): Promise<void> {
    try {
      while (!(await this.#reader.read()).done);
      await this.#stream.closed;
    } catch {
      // Closed, by whatever way.
    }
  }

  #close(closeCode: number): void {
    try {
      const info: CloseInfo = { closeCode };
      this.#stream.close(info as unknown as WebSocketCloseInfo);
    } catch {
      // It is closed already.
    }
  }
}

/** Resolves in the next turn of the event loop, for all callers in the order of their calls. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function connectionLost(cause?: unknown): SpreadError {
  return new SpreadError(
    "PEER_GONE",
    "The connection to the relay was lost",
    "Check the network and try again",
    { cause },
  );
}
