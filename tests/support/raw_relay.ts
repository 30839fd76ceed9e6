/**
 * A handmade relay on TCP, which opens a WebSocket correctly and then does as a test says.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { close, writeAll } from "../../lib/testing/streams.ts";
import { frame, type FrameOptions } from "../../relay/testing/raw_client.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The relay's end of one WebSocket. */
export class RawPeer {
  /** Bytes written to the client, heads included. */
  sentBytes = 0;

  constructor(private readonly conn: Deno.Conn) {}

  /** Writes one frame of a server. */
  frame(
    opcode: number,
    payload: Uint8Array | string,
    options: FrameOptions = {},
  ): Promise<void> {
    return this.write(frame(opcode, payload, { isMasked: false, ...options }));
  }

  /** Writes bytes without a frame around them. */
  async write(bytes: Uint8Array): Promise<void> {
    await writeAll(this.conn, bytes);
    this.sentBytes += bytes.length;
  }

  /** Waits for the client's next bytes. */
  async heard(): Promise<void> {
    await this.conn.read(new Uint8Array(4096));
  }

  /** Waits until the client has closed the connection; returns the number of bytes until then. */
  async lastBytes(): Promise<number> {
    const buffer = new Uint8Array(4096);
    let bytes = 0;
    for (;;) {
      const count = await this.conn.read(buffer);
      if (count === null) return bytes;
      bytes += count;
    }
  }
}

/** Listens, and calls `treat` for each client that has sent its first message. */
export class RawRelay implements AsyncDisposable {
  /** The clients so far. */
  readonly peers: RawPeer[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #serving: Promise<void>;

  constructor(private readonly treat: (peer: RawPeer) => Promise<void>) {
    this.#serving = this.#serve();
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#listener.addr.port}`;
  }

  async #serve(): Promise<void> {
    const all: Promise<void>[] = [];
    for await (const conn of this.#listener) {
      this.#open.add(conn);
      // The client has cut the connection.
      all.push(this.#take(conn).catch(() => {}));
    }
    await Promise.all(all);
  }

  async #take(conn: Deno.Conn): Promise<void> {
    const head = new Uint8Array(4096);
    const length = await conn.read(head) ?? 0;
    const text = new TextDecoder().decode(head.subarray(0, length));
    const key = /sec-websocket-key: (\S+)/i.exec(text)?.[1];
    const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
    await writeAll(
      conn,
      new TextEncoder().encode(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
          `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      ),
    );
    const peer = new RawPeer(conn);
    await peer.heard();
    this.peers.push(peer);
    await this.treat(peer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#open) close(conn);
    await this.#serving;
  }
}
