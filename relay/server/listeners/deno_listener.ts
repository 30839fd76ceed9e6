/**
 * The listener for Deno Deploy: `Deno.serve`, which reads the platform's address from
 * `DENO_SERVE_ADDRESS` by itself. `node:http` does so in some versions only.
 *
 * RELAY_SERVER_SPEC.md, section 2.7, lists its limits.
 *
 * @module
 */

import { pause } from "../../../lib/waiting.ts";
import { attach } from "./deno_wire.ts";
import type { HttpAnswer, HttpRequest } from "../http.ts";
import {
  asksForWebSocket,
  formatTcp,
  type HttpListener,
  type ListenAddress,
  type ListenerOptions,
} from "./listener.ts";

/** Time for answers to reach their clients at the end, in milliseconds. */
const SHUTDOWN_MS = 500;

/**
 * Listens on the address in `DENO_SERVE_ADDRESS`, and on the relay's own port as well if that
 * variable asks for both. A process that has no file left for another connection ends with an
 * error: Deno gives that address to its first server only.
 */
export class DenoListener implements HttpListener {
  readonly #options: ListenerOptions;
  #server: Deno.HttpServer<Deno.Addr> | null = null;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  // deno-lint-ignore require-await -- so that what is thrown rejects.
  async listen(): Promise<ListenAddress> {
    const { host, port, serveAddress } = this.#options.config;
    this.#server = Deno.serve(
      // "0.0.0.0", Deno's default, does not fail on a machine without IPv6.
      { port, hostname: host === "::" ? "0.0.0.0" : host, onListen() {} },
      (request, { remoteAddr }) => this.#respond(request, remoteAddr),
    );
    const place = placeOf(this.#server.addr);
    const also = /^duplicate,(.*)$/.exec(serveAddress)?.[1];
    if (also !== undefined) place.addresses.unshift(also);
    return place;
  }

  /** Does nothing: some versions would close every WebSocket. The front refuses new clients. */
  shut(): void {}

  async end(): Promise<void> {
    const done = new AbortController();
    const { signal } = done;
    const shutdown = this.#server?.shutdown().finally(() => done.abort());
    // Deno waits for the bodies of requests, which their clients need not send.
    await Promise.race([shutdown, pause(SHUTDOWN_MS, signal)]);
  }

  async #respond(request: Request, remote: Deno.Addr): Promise<Response> {
    const asked = requestOf(request, remote);
    const { front } = this.#options;
    return asksForWebSocket(asked.header("upgrade"))
      ? this.#upgrade(request, asked)
      : responseOf(await front.answer(asked));
  }

  #upgrade(request: Request, asked: HttpRequest): Response {
    const { config, front, connect } = this.#options;
    if (!isHandshake(asked)) {
      return new Response("Bad request\n", { status: 400 });
    }
    const admitted = front.admit(asked);
    if ("refusal" in admitted) return responseOf(admitted.refusal);
    const { address, place } = admitted;
    const { socket, response } = Deno.upgradeWebSocket(request, {
      // Deno pings after half this time without a message, and closes after all of it.
      idleTimeout: 2 * config.pingMs / 1000,
    });
    // A socket that the hub has ended counts until its client closes it: none ends by force.
    socket.addEventListener("close", () => place[Symbol.dispose](), {
      once: true,
    });
    attach(socket, { address, config }, connect);
    return response;
  }
}

/** Checks what Deno does not check (RFC 6455, section 4.2.1). */
function isHandshake({ method, header }: HttpRequest): boolean {
  return method === "GET" &&
    header("sec-websocket-version") === "13" &&
    /^[+/0-9a-z]{22}==$/i.test(header("sec-websocket-key") ?? "");
}

function requestOf(request: Request, remote: Deno.Addr): HttpRequest {
  return {
    method: request.method,
    target: targetOf(request),
    remoteAddress: "hostname" in remote ? remote.hostname : "unknown",
    header: (name) => request.headers.get(name) ?? undefined,
    body: request.body ?? new ReadableStream({ start: (end) => end.close() }),
  };
}

/** Removes the scheme and host that Deno adds, which need not form a valid URL. */
function targetOf({ url, headers }: Request): string {
  const before = `://${headers.get("host")}/`;
  const at = url.indexOf(before);
  return at < 0 ? url : url.slice(at + before.length - 1);
}

function responseOf({ status, headers, body }: HttpAnswer): Response {
  return new Response(body as BodyInit, { status, headers });
}

function placeOf(address: Deno.Addr): ListenAddress {
  if (address.transport === "tcp") {
    const { hostname, port } = address;
    return { addresses: [formatTcp(hostname, port)], port };
  }
  const rest = Object.values(address).slice(1).join(":");
  return { addresses: [`${address.transport}:${rest}`] };
}
