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

import { type Bytes, concatBytes, utf8 } from "../../bytes.ts";
import { SpreadError } from "../../errors.ts";
import {
  type ClientMessage,
  decodeRelayMessage,
  type RelayMessage,
} from "../../relay_messages.ts";
import { relayRefused, relaySilent } from "./errors.ts";

/** Time limit, in milliseconds, for reaching the relay, and for its first answer. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Time between two PINGs to the relay, in milliseconds. */
const HEARTBEAT_MS = 20_000;

/** Time limit for the answer to a PING once the network has changed, in milliseconds. */
const CHECK_MS = 4_000;

/** Close code of an orderly end (RFC 6455, section 7.4.1). */
const NORMAL = 1000;

/** Close code for a message that is too large (RFC 6455, section 7.4.1). */
const TOO_LARGE = 1009;

/** Our own close code for an abnormal end. */
const ABORTED = 4000;

/** Options that the engine really takes and gives; its types follow an older draft. */
interface CloseInfo {
  closeCode: number;
}

/** A message from the relay: one of its own, or a frame of the peer. */
export type RelayInput = { word: RelayMessage } | { frame: Bytes };

/** An open connection. */
export class RelaySocket implements AsyncDisposable {
  /** Whether the relay forwards the peer's text as text, so that some text is not its own. */
  isPlain = false;
  readonly #stream: WebSocketStream;
  readonly #reader: ReadableStreamDefaultReader<
    string | Uint8Array<ArrayBuffer>
  >;
  readonly #writer: WritableStreamDefaultWriter<string | Uint8Array>;
  /**
   * Rejects pending work. Not by `Promise.race` with one long-lived promise, which would
   * keep every frame in memory.
   */
  readonly #waiting = new Set<(reason: Error) => void>();
  #failure: Error | null = null;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #checking: ReturnType<typeof setTimeout> | undefined;
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
   * @throws {SpreadError} The error of `relayFailure()` for the step that failed; the
   *   signal's reason.
   */
  static async open(url: string, signal: AbortSignal): Promise<RelaySocket> {
    signal.throwIfAborted();
    const opening = new AbortController();
    let isTimeUp = false;
    // Deno throws out of abort() when the attempt has already failed, so the signal must
    // not outlive the attempt.
    const giveUp = () => {
      try {
        opening.abort();
      } catch {
        // The attempt has failed already.
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
   * Detects a relay that has vanished without closing, even while nothing is sent. Not for
   * plain relays, which would forward the PING to the peer.
   *
   * @param intervalMs Time between two PINGs; tests shorten it.
   */
  keepAlive(intervalMs = HEARTBEAT_MS): void {
    this.#heartbeat ??= setInterval(() => {
      const silentMs = performance.now() - this.#lastHeardMs;
      if (this.#isReading && silentMs > 2 * intervalMs) {
        this.abort(connectionLost());
      } else this.say({ type: "PING" }).catch(() => {});
    }, intervalMs);
  }

  /**
   * Ends the connection within seconds if the relay does not answer, because the network has
   * changed. Not for plain relays, which would forward the PING to the peer.
   *
   * @param timeoutMs Time limit for the answer; tests shorten it.
   */
  check(timeoutMs = CHECK_MS): void {
    if (this.isPlain || this.#failure !== null) return;
    const askedMs = performance.now();
    this.say({ type: "PING" }).catch(() => {});
    clearTimeout(this.#checking);
    this.#checking = setTimeout(() => {
      if (this.#isReading && this.#lastHeardMs < askedMs) {
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
    return this.#write(concatBytes(...parts));
  }

  /** Sends the peer a text message, through a plain relay. @throws {SpreadError} `PEER_GONE`. */
  sendText(text: string): Promise<void> {
    return this.#write(text);
  }

  async #write(data: string | Uint8Array): Promise<void> {
    // Over TLS the engine may hold back data written in the same turn as a read until the
    // next write.
    if (this.#stream.url.startsWith("wss:")) await nextTurn();
    if (this.#failure !== null) throw this.#failure;
    try {
      await this.#unlessAborted(this.#writer.write(data));
    } catch (cause) {
      throw this.#failure ?? connectionLost(cause);
    }
  }

  /**
   * Receives the relay's answer to our first message: {@linkcode receive} with a time
   * limit.
   *
   * @param timeoutMs Time limit.
   * @param late Error to throw when the time is up.
   * @throws {SpreadError} `late` when the relay does not answer in time; by default
   *   `RELAY_UNREACHABLE`.
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
   * Returns the next message, or `null` once the relay has closed in order.
   *
   * @throws {SpreadError} `PEER_GONE` when the connection was cut; `FRAME_TOO_LARGE` when
   *   the relay closed it because our message was too large; `BAD_MESSAGE`.
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
      "The relay sent a message that this program does not understand",
      "Check that the address is that of a Claude Spread relay, and that both are up to date",
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

  /** Ends the connection at once; pending calls fail with `reason`. */
  abort(reason: Error): void {
    if (this.#failure !== null) return;
    this.#failure = reason;
    clearInterval(this.#heartbeat);
    clearTimeout(this.#checking);
    this.#rejectAll(reason);
    this.#close(ABORTED);
  }

  /** Closes in order: messages that were sent still arrive. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#checking);
    if (this.#failure === null) {
      this.#failure = connectionLost();
      this.#close(NORMAL);
    }
    // Does not wait for a relay that does not answer the close.
    const patience = AbortSignal.timeout(1_000);
    const givenUp = new Promise<void>((resolve) =>
      patience.addEventListener("abort", () => resolve(), { once: true })
    );
    await Promise.race([this.#drain(), givenUp]);
    this.#rejectAll(this.#failure);
  }

  /** Reads up to the relay's close, which comes after messages still on their way to us. */
  async #drain(): Promise<void> {
    try {
      while (!(await this.#reader.read()).done);
      await this.#stream.closed;
    } catch {
      // Closed, one way or another.
    }
  }

  #close(closeCode: number): void {
    try {
      const info: CloseInfo = { closeCode };
      this.#stream.close(info as unknown as WebSocketCloseInfo);
    } catch {
      // Already closed.
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
