/**
 * The server: HTTP for people and monitors, WebSocket for clients, and the hub behind both.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws/typed";
import type { RelayConfig } from "./config.ts";
import { Hub, type HubWorld } from "./hub.ts";
import { PAGE_HEADERS, renderPage } from "./page.ts";
import { attach } from "./sockets.ts";

/** How often the hub looks after what only time tells, in milliseconds. */
const TICK_MS = 1_000;

/** Time for clients to answer the closing of their connection, in milliseconds. */
const CLOSING_MS = 1_000;

/** Time for a request's headers to arrive, in milliseconds: who says nothing is not kept. */
const HEADERS_TIMEOUT_MS = 10_000;

/** Largest headers of a request, in bytes. */
const MAX_HEADER_BYTES = 16 * 1024;

/** What a server takes from its surroundings. */
export interface ServerWorld extends HubWorld {
  version: string;
  /** Resident memory of the process, in bytes. */
  residentBytes(): number;
}

/** A relay that serves. */
export class RelayServer implements AsyncDisposable {
  readonly hub: Hub;
  readonly #config: RelayConfig;
  readonly #world: ServerWorld;
  readonly #startMs: number;
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;
  readonly #timers: ReturnType<typeof setInterval>[];
  readonly #resources: AsyncDisposable[] = [];
  #stopping: Promise<void> | null = null;

  /** @param secret Key of the resume tokens. */
  constructor(config: RelayConfig, secret: string, world: ServerWorld) {
    this.#config = config;
    this.#world = world;
    this.#startMs = world.now();
    this.hub = new Hub(config, secret, world);
    this.#webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: config.maxMessageBytes,
      perMessageDeflate: false,
    });
    this.#http = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: HEADERS_TIMEOUT_MS,
        // Looked after every 30 seconds otherwise.
        connectionsCheckingInterval: TICK_MS,
      },
      (request, response) => this.#respond(request, response),
    );
    this.#http.on(
      "upgrade",
      (request, socket, head) => this.#upgrade(request, socket, head),
    );
    this.#timers = [
      setInterval(() => this.hub.tick(), TICK_MS),
      setInterval(() => this.hub.ping(), config.pingMs),
    ];
  }

  /** Starts to listen; resolves to the port. Rejects when the port cannot be had. */
  async listen(): Promise<number> {
    const { host } = this.#config;
    try {
      return await this.#listenOn(host);
    } catch (error) {
      // A machine without IPv6 has no "::", which stands for both families.
      const { code = "" } = error as { code?: string };
      const lacksIpv6 = ["EAFNOSUPPORT", "EADDRNOTAVAIL"].includes(code);
      if (host !== "::" || !lacksIpv6) throw error;
      return await this.#listenOn("0.0.0.0");
    }
  }

  #listenOn(host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#http.once("error", reject);
      this.#http.listen(this.#config.port, host, () => {
        this.#http.off("error", reject);
        resolve((this.#http.address() as AddressInfo).port);
      });
    });
  }

  /** Disposes of `resource` once everything has ended; the first one given goes first. */
  closeWith(resource: AsyncDisposable): void {
    this.#resources.push(resource);
  }

  /** Ends in order, within five seconds. */
  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<void> {
    const closed = new Promise<void>((resolve) =>
      this.#http.close(() => resolve())
    );
    await this.hub.shutdown(AbortSignal.timeout(this.#config.drainMs));
    const deadline = this.#world.now() + CLOSING_MS;
    while (this.hub.peerCount > 0 && this.#world.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const timer of this.#timers) clearInterval(timer);
    this.hub.terminateAll();
    this.#http.closeAllConnections();
    await closed;
    for (const resource of this.#resources) {
      await resource[Symbol.asyncDispose]();
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // An error that nobody listens to ends the process.
    socket.on("error", () => socket.destroy());
    // A page that somebody visits shall not try room codes from their address.
    if (request.headers.origin !== undefined) {
      return refuseUpgrade(socket, 403, "pages are not served");
    }
    const address = this.#addressOf(request);
    const refusal = this.hub.refusesConnection(address);
    if (refusal !== null) {
      const status = refusal === "shutting_down" ? 503 : 429;
      return refuseUpgrade(socket, status, refusal);
    }
    this.#webSockets.handleUpgrade(
      request,
      socket,
      head,
      (webSocket) =>
        attach(
          webSocket,
          { address, stream: socket },
          (wire) => this.hub.connect(wire),
        ),
    );
  }

  /** Where a request comes from; what proxies in front of us say, if they are trusted. */
  #addressOf(request: IncomingMessage): string {
    const direct = request.socket.remoteAddress ?? "unknown";
    const { trustedProxies } = this.#config;
    if (trustedProxies === 0) return direct;
    const header = request.headers["x-forwarded-for"];
    const hops = String(header ?? "").split(",").map((hop) => hop.trim());
    // The last hops were written by our own proxies; what stands before them anyone may claim.
    const claimed = hops.at(-trustedProxies)
      ?.replace(/^(\d+(?:\.\d+){3}):\d+$/, "$1") ?? "";
    return /^[0-9a-f:.]{2,45}$/i.test(claimed) ? claimed : direct;
  }

  #respond(request: IncomingMessage, response: ServerResponse): void {
    // What is no address at all, such as "//", is nowhere.
    const pathname = URL.parse(request.url ?? "/", "http://relay")?.pathname;
    if (request.method !== "GET" && request.method !== "HEAD") {
      return answer(response, 405, "text/plain", "Use GET\n");
    }
    switch (pathname) {
      case "/":
        response.writeHead(200, PAGE_HEADERS);
        return void response.end(this.#page(request));
      case "/health":
        return answer(response, 200, "application/json", this.#health());
      case "/metrics":
        return answer(
          response,
          200,
          "text/plain; version=0.0.4",
          this.#metrics(),
        );
      default:
        return answer(response, 404, "text/plain", "There is nothing here\n");
    }
  }

  #page(request: IncomingMessage): string {
    const { host = "localhost" } = request.headers;
    const forwarded = this.#config.trustedProxies > 0 &&
      request.headers["x-forwarded-proto"] === "https";
    const url = `${forwarded ? "wss" : "ws"}://${host}`;
    return renderPage(
      url,
      this.#world.version,
      Math.ceil(this.#config.roomTtlMs / 60_000),
    );
  }

  #health(): string {
    const health = {
      status: "ok",
      version: this.#world.version,
      rooms: this.hub.roomCount,
      peers: this.hub.peerCount,
      uptime_s: Math.floor(this.#uptimeMs() / 1000),
    };
    return JSON.stringify(health) + "\n";
  }

  #metrics(): string {
    return this.hub.metrics.format({
      rooms: this.hub.roomCount,
      peers: this.hub.peerCount,
      buffered_bytes: this.hub.bufferedBytes,
      uptime_seconds: this.#uptimeMs() / 1000,
      resident_memory_bytes: this.#world.residentBytes(),
    });
  }

  #uptimeMs(): number {
    return this.#world.now() - this.#startMs;
  }
}

function answer(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
): void {
  response.writeHead(status, {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

function refuseUpgrade(socket: Duplex, status: number, reason: string): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n` +
      `content-type: text/plain\r\ncontent-length: ${
        reason.length + 1
      }\r\n\r\n${reason}\n`,
    // A client that does not close its end would hold a socket that no limit counts.
    () => socket.destroy(),
  );
}
