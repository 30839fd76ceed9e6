/**
 * A relay behind a front that keeps all that it is told, and all that it says itself.
 *
 * @module
 */

import {
  type LocalRelay,
  startLocalRelay,
} from "../../../relay/testing/local_relay.ts";

/** A message to the relay, or from it; frames are in hex. */
export interface Recorded {
  from: "client" | "relay";
  text: string;
}

/** The front and its relay. */
export class RecordingRelay implements AsyncDisposable {
  readonly messages: Recorded[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(private readonly relay: LocalRelay) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => this.#serve(request),
    );
  }

  static async start(): Promise<RecordingRelay> {
    return new RecordingRelay(await startLocalRelay());
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#server.addr.port}`;
  }

  async #serve(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (request.headers.get("upgrade") === "websocket") {
      const { socket, response } = Deno.upgradeWebSocket(request);
      this.#join(socket, new WebSocket(this.relay.url));
      return response;
    }
    const body = await request.bytes();
    this.#note("client", body);
    const { method } = request;
    const url = this.relay.url.replace("ws", "http") + pathname;
    const answer = await fetch(url, { method, body });
    const text = await answer.text();
    this.#note("relay", text);
    return new Response(text, { status: answer.status });
  }

  #join(client: WebSocket, relay: WebSocket): void {
    const open = new Promise((resolve) => relay.onopen = resolve);
    for (const socket of [client, relay]) socket.binaryType = "arraybuffer";
    client.onmessage = async ({ data }) => {
      this.#note("client", data);
      await open;
      relay.send(data);
    };
    relay.onmessage = ({ data }) => {
      this.#note("relay", data);
      client.send(data);
    };
    client.onclose = () => relay.close();
    relay.onclose = () => client.close();
  }

  #note(from: Recorded["from"], data: string | ArrayBuffer | Uint8Array): void {
    const text = typeof data === "string"
      ? data
      : new Uint8Array(data as ArrayBuffer).toHex();
    this.messages.push({ from, text });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    await this.relay[Symbol.asyncDispose]();
  }
}
