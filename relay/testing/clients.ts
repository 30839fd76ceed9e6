/**
 * A client of a relay, for tests, on the platform's WebSocket, which follows the rules. One that
 * can break them is in `raw_client.ts`.
 *
 * @module
 */

/** How long a test waits for anything, in milliseconds. */
const PATIENCE_MS = 8_000;

/** The relay's sign of life, which is no message. */
export const PONG = '{"type":"PONG"}';

/** A parsed message of the relay. */
export type Said = Record<string, unknown>;

/** Resolves as `promise` does; rejects when nothing happens for too long. */
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

/** Waits until something is so. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  what = "change",
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!await isSo()) {
    if (performance.now() > deadline) throw new Error(`No ${what}`);
    await sleep(5);
  }
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A client that keeps to the rules: the platform's WebSocket. */
export class TestClient implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #received: (string | Uint8Array)[] = [];
  #wake = () => {};
  /** Signs of life that have come; they are no messages. */
  pongs = 0;
  /** The close code, once closed. */
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

  /** Connects; rejects when the relay does not let us in. */
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

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Messages that have come and were not taken by {@linkcode next}. */
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

  /** The next message, which is one of the relay's. */
  async said(): Promise<Said> {
    const message = await this.next();
    if (typeof message !== "string") throw new Error("Binary, not control");
    return JSON.parse(message);
  }

  /** Says something and returns what the relay answers. */
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
