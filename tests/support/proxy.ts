/**
 * A TCP proxy between a receiver and a sender, which a test can hold up and cut.
 *
 * @module
 */

import { connect } from "node:net";
import {
  close,
  pump,
  type Stream,
  streamOf,
} from "../../lib/testing/streams.ts";

/** Destination and behaviour of the proxy; all but the port may be left out. */
export interface ProxyOptions {
  port: number;
  /** The address that the sender sees: any of 127.0.0.0/8, where Linux allows all of them. */
  from?: string;
  /** After how many bytes to the receiver each connection, by number, is held up. */
  holdAfter?: number[];
  /** Time before each piece to the receiver, in milliseconds: makes the network slow. */
  pauseMs?: number;
}

/** Listens on a port of its own and passes on what comes. */
export class Proxy implements AsyncDisposable {
  /** Bytes passed on to the receiver, by connection. */
  readonly passed: number[] = [];
  readonly #options: ProxyOptions;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #streams = new Set<Stream>();
  readonly #passing = new Set<Promise<void>>();
  readonly #held = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();
  readonly #accepting: Promise<void>;
  #port: number;
  #isFlipping = false;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#accepting = this.#accept();
  }

  /** `127.0.0.1:port`, for the receiver. */
  get address(): string {
    return `127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  /** Resolves once a connection is held up. */
  get held(): Promise<void> {
    return this.#held.promise;
  }

  /** Lets everything pass from now on. */
  release(): void {
    this.#released.resolve();
  }

  /** Changes one bit to the receiver where a connection would be held up. */
  flipNext(): void {
    this.#isFlipping = true;
    this.release();
  }

  /** Cuts the connections that there are; new ones are passed on. */
  cut(): void {
    for (const stream of this.#streams) close(stream);
    this.#streams.clear();
  }

  /** Leads later connections to another port. */
  leadTo(port: number): void {
    this.#port = port;
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      const receiver = streamOf(conn);
      this.#streams.add(receiver);
      const number = this.passed.push(0) - 1;
      const passing = this.#pass(receiver, number)
        .catch(() => close(receiver))
        .finally(() => this.#passing.delete(passing));
      this.#passing.add(passing);
    }
  }

  async #pass(receiver: Stream, number: number): Promise<void> {
    const sender = await this.#reach();
    this.#streams.add(sender);
    const both = [
      pump(receiver, sender),
      pump(sender, receiver, (piece) => this.#look(number, piece)),
    ];
    await Promise.all(both).finally(async () => {
      for (const stream of [receiver, sender]) {
        this.#streams.delete(stream);
        close(stream);
      }
      // The other one may still pause.
      await Promise.allSettled(both);
    });
  }

  async #reach(): Promise<Stream> {
    const { from } = this.#options;
    const to = { hostname: "127.0.0.1", port: this.#port };
    return from === undefined
      ? streamOf(await Deno.connect(to))
      : await connectFrom(from, this.#port);
  }

  /** Counts a piece, and holds it up or changes it when it is its turn. */
  async #look(number: number, piece: Uint8Array): Promise<void> {
    const { pauseMs } = this.#options;
    if (pauseMs) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    this.passed[number]! += piece.length;
    const limit = this.#options.holdAfter?.[number] ?? Infinity;
    if (this.passed[number]! < limit) return;
    if (this.#isFlipping) piece[piece.length - 1]! ^= 1;
    this.#isFlipping = false;
    this.#held.resolve();
    await this.#released.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    this.#listener.close();
    this.cut();
    await this.#accepting;
    await Promise.all(this.#passing);
  }
}

/** `Deno.connect` has no way to choose the address that one comes from. */
async function connectFrom(
  localAddress: string,
  port: number,
): Promise<Stream> {
  const socket = connect({
    host: "127.0.0.1",
    port,
    localAddress,
    allowHalfOpen: true,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  socket.on("error", () => {});
  return {
    pieces: socket,
    write: (piece) =>
      new Promise((resolve, reject) =>
        // It keeps the piece until then.
        socket.write(piece, (error) => error ? reject(error) : resolve())
      ),
    end: () => new Promise((resolve) => socket.end(resolve)),
    close: () => socket.destroy(),
  };
}
