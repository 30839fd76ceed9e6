/**
 * The listener for Deno Deploy: `Deno.serve`, which takes the address that the platform hands
 * over in `DENO_SERVE_ADDRESS` from there by itself. `node:http` does so in some versions only.
 *
 * RELAY_SERVER_SPEC.md, section 2.7, says what it cannot do.
 *
 * @module
 */

import { Tally } from "../rooms/admission.ts";
import { attach } from "./deno_wire.ts";
import type { HttpAnswer, HttpRequest } from "./front.ts";
import {
  formatTcp,
  type HttpListener,
  type ListenAddress,
  type ListenerOptions,
} from "./listener.ts";
import { limitKey } from "../rooms/rate_limits.ts";

/** Listens where the environment says, and on the relay's port if that says so too. */
export class DenoListener implements HttpListener {
  readonly #options: ListenerOptions;
  /**
   * Sockets that are open. One that the hub has ended is among them for as long as its client
   * does not close it: there is no way to end it by force.
   */
  readonly #sockets: Tally;
  #server: Deno.HttpServer<Deno.Addr> | null = null;

  constructor(options: ListenerOptions) {
    const { maxConnections, maxConnectionsPerAddress } = options.config;
    this.#options = options;
    this.#sockets = new Tally(maxConnections, maxConnectionsPerAddress);
  }

  // deno-lint-ignore require-await -- so that what is thrown rejects.
  async listen(): Promise<ListenAddress> {
    const { host, port, serveAddress } = this.#options.config;
    this.#server = Deno.serve(
      // Deno's default for all addresses does not fail where there is no IPv6.
      { port, hostname: host === "::" ? "0.0.0.0" : host, onListen() {} },
      (request, { remoteAddr }) => this.#respond(request, remoteAddr),
    );
    const place = placeOf(this.#server.addr);
    const also = /^duplicate,(.*)$/.exec(serveAddress)?.[1];
    if (also !== undefined) place.addresses.unshift(also);
    return place;
  }

  /** Nothing: in some versions it would close every WebSocket. The front lets nobody in. */
  shut(): void {}

  async end(): Promise<void> {
    await this.#server?.shutdown();
  }

  #respond(request: Request, remote: Deno.Addr): Response {
    const asked = requestOf(request, remote);
    const { front } = this.#options;
    return asked.header("upgrade") === undefined
      ? responseOf(front.answer(asked))
      : this.#upgrade(request, asked);
  }

  #upgrade(request: Request, asked: HttpRequest): Response {
    const { config, front, connect } = this.#options;
    const admitted = front.admit(asked);
    if ("refusal" in admitted) return responseOf(admitted.refusal);
    const { address } = admitted;
    const key = limitKey(address);
    if (this.#sockets.isFull(key)) {
      return responseOf(front.refuse("too_many_connections"));
    }
    if (!isHandshake(asked)) {
      return new Response("Bad request\n", { status: 400 });
    }
    const { socket, response } = Deno.upgradeWebSocket(request, {
      // A ping after half of it without a message, the end after all of it.
      idleTimeout: 2 * config.pingMs / 1000,
    });
    this.#sockets.add(key);
    socket.addEventListener("close", () => this.#sockets.remove(key), {
      once: true,
    });
    attach(socket, { address, config }, connect);
    return response;
  }
}

/** Checks what Deno does not (RFC 6455, section 4.2.1). */
function isHandshake({ method, header }: HttpRequest): boolean {
  return method === "GET" &&
    header("upgrade")?.toLowerCase() === "websocket" &&
    header("sec-websocket-version") === "13" &&
    /^[+/0-9a-z]{22}==$/i.test(header("sec-websocket-key") ?? "");
}

function requestOf(request: Request, remote: Deno.Addr): HttpRequest {
  return {
    method: request.method,
    target: targetOf(request),
    remoteAddress: "hostname" in remote ? remote.hostname : "unknown",
    header: (name) => request.headers.get(name) ?? undefined,
  };
}

/** Deno puts scheme and host in front, which together need not be an address. */
function targetOf({ url, headers }: Request): string {
  const before = `://${headers.get("host")}/`;
  const at = url.indexOf(before);
  return at < 0 ? url : url.slice(at + before.length - 1);
}

function responseOf({ status, headers, body }: HttpAnswer): Response {
  return new Response(body, { status, headers });
}

function placeOf(address: Deno.Addr): ListenAddress {
  if (address.transport === "tcp") {
    const { hostname, port } = address;
    return { addresses: [formatTcp(hostname, port)], port };
  }
  const rest = Object.values(address).slice(1).join(":");
  return { addresses: [`${address.transport}:${rest}`] };
}
