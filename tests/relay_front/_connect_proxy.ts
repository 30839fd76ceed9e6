/**
 * An HTTP proxy as networks have it: it connects (CONNECT) whoever may.
 *
 * @module
 */

import { close, pump, streamOf } from "../../lib/testing/streams.ts";

/** Listens on a port of its own and notes whom it was asked for. */
export class ConnectProxy implements AsyncDisposable {
  /** `host:port` of each request. */
  readonly asked: string[] = [];
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #serving: Promise<void>;

  /**
   * @param answer Refuses with this status line, such as `403 Forbidden`.
   * @param login `user:password` without which it answers 407.
   */
  constructor(
    private readonly answer: string | null = null,
    private readonly login: string | null = null,
  ) {
    this.#serving = this.#serve();
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  async #serve(): Promise<void> {
    const all: Promise<void>[] = [];
    for await (const client of this.#listener) {
      this.#open.add(client);
      // Whoever leaves in the middle is not waited for.
      all.push(this.#take(client).catch(() => this.#close(client)));
    }
    await Promise.all(all);
  }

  async #take(client: Deno.Conn): Promise<void> {
    const head = new Uint8Array(4096);
    const length = await client.read(head) ?? 0;
    const text = new TextDecoder().decode(head.subarray(0, length));
    const [, hostname = "", port = ""] =
      /^CONNECT (.+):(\d+) HTTP/.exec(text) ??
        [];
    this.asked.push(`${hostname}:${port}`);
    const refusal = this.#refuses(text);
    if (refusal !== null) {
      await say(client, `HTTP/1.1 ${refusal}\r\ncontent-length: 0\r\n\r\n`);
      return this.#close(client);
    }
    const server = await Deno.connect({ hostname, port: Number(port) });
    this.#open.add(server);
    await say(client, "HTTP/1.1 200 Connection established\r\n\r\n");
    const [asking, answering] = [streamOf(client), streamOf(server)];
    await Promise.allSettled([
      pump(asking, answering),
      pump(answering, asking),
    ]);
    this.#close(client);
    this.#close(server);
  }

  #refuses(request: string): string | null {
    if (this.login === null) return this.answer;
    const given = `proxy-authorization: basic ${btoa(this.login)}`;
    return request.toLowerCase().includes(given.toLowerCase())
      ? null
      : "407 Proxy Authentication Required";
  }

  #close(conn: Deno.Conn): void {
    this.#open.delete(conn);
    close(conn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#open) this.#close(conn);
    await this.#serving;
  }
}

async function say(conn: Deno.Conn, text: string): Promise<void> {
  await conn.write(new TextEncoder().encode(text));
}
