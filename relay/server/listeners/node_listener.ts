/**
 * The usual listener: `node:http` with `npm:ws`.
 *
 * Unlike Deno's own server, it refuses a message by its length before reading it, pauses reading
 * on request, ends a connection at once, and needs half the memory for each connection.
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
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as startTimer } from "node:timers";
import { WebSocketServer } from "ws/typed";
import { Semaphore } from "../../../lib/waiting.ts";
import { AcceptWatch } from "../accept_watch.ts";
import type { HttpAnswer, HttpRequest } from "../http.ts";
import {
  asksForWebSocket,
  formatTcp,
  type HttpListener,
  type ListenAddress,
  type ListenerOptions,
} from "./listener.ts";
import { attach } from "./node_wire.ts";

/** Time for the headers of a request to arrive, in milliseconds; then the client is dropped. */
const HEADERS_TIMEOUT_MS = 10_000;

/** Time between two checks for overdue requests, in milliseconds; Node's default is 30 seconds. */
const CHECK_MS = 1_000;

/** Time for a connection to be upgraded, or to be answered and closed, in milliseconds. */
const ANSWER_MS = 15_000;

/**
 * Time between two attempts to raise the limits after files ran out, in milliseconds. Where files
 * cannot be counted, they may run out again each time.
 */
const RAISE_MS = 10 * 60_000;

/** The loopback address for each address that stands for all. */
const OWN_ADDRESSES: Record<string, string> = {
  "::": "::1",
  "0.0.0.0": "127.0.0.1",
};

/**
 * Most requests of a connection that wait for the answer to the one before. Our clients, and usual
 * proxies, send the next one after it.
 */
const MAX_PIPELINED = 4;

/** Largest headers of a request, in bytes. */
const MAX_HEADER_BYTES = 16 * 1024;

const SERVER_OPTIONS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: HEADERS_TIMEOUT_MS,
  connectionsCheckingInterval: CHECK_MS,
  // The types of this version do not have it yet.
  shouldUpgradeCallback: ({ headers }: IncomingMessage) =>
    asksForWebSocket(headers.upgrade),
};

/** Listens on a TCP port. */
export class NodeListener implements HttpListener {
  readonly #options: ListenerOptions;
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;
  /** Places and deadlines of connections. */
  readonly #entered = new WeakMap<Duplex, Entered>();
  #watch: AcceptWatch | null = null;
  #raising: ReturnType<typeof setInterval> | undefined;
  #closed: Promise<void> | null = null;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: options.config.maxMessageBytes,
      perMessageDeflate: false,
    });
    this.#http = createServer(
      SERVER_OPTIONS,
      (request, response) =>
        void this.#respond(request, response).catch((error) => {
          // A fault of ours; unhandled, it would end the relay.
          request.socket.destroy();
          options.log({ event: "request_failed", reason: error?.name });
        }),
    );
    this.#http.on("connection", (socket) => this.#enter(socket));
    this.#http.on(
      "upgrade",
      (request, socket, head) => this.#upgrade(request, socket, head),
    );
  }

  async listen(): Promise<ListenAddress> {
    const { host } = this.#options.config;
    try {
      return await this.#listenOn(host);
    } catch (error) {
      // A machine without IPv6 lacks "::", which stands for both families.
      const { code = "" } = error as { code?: string };
      const lacksIpv6 = ["EAFNOSUPPORT", "EADDRNOTAVAIL"].includes(code);
      if (host !== "::" || !lacksIpv6) throw error;
      return await this.#listenOn("0.0.0.0");
    }
  }

  #listenOn(host: string): Promise<ListenAddress> {
    return new Promise((resolve, reject) => {
      this.#http.once("error", reject);
      this.#http.listen(this.#options.config.port, host, () => {
        this.#http.off("error", reject);
        const { address, port } = this.#http.address() as AddressInfo;
        this.#watch = this.#watchOver(address, port);
        this.#raising = setInterval(() => this.#raise(), RAISE_MS);
        resolve({ addresses: [formatTcp(address, port)], port });
      });
    });
  }

  #watchOver(address: string, port: number): AcceptWatch {
    const { limits, log } = this.#options;
    // If listening again fails, the watch tries again after its next check.
    this.#http.on("error", () => {});
    return new AcceptWatch({
      address: () => ({ host: OWN_ADDRESSES[address] ?? address, port }),
      relisten: () => {
        this.#http.close();
        this.#http.listen(port, address);
        log({ event: "listening_again", port, connections: limits.count });
      },
      outOfFiles: () => {
        const connections = limits.count;
        log({ event: "out_of_files", connections, limit: limits.lower() });
      },
    });
  }

  #raise(): void {
    const { limits, log } = this.#options;
    const limit = limits.raise();
    if (limit !== null) log({ event: "files_again", limit });
  }

  shut(): void {
    this.#watch?.[Symbol.dispose]();
    clearInterval(this.#raising);
    this.#closed ??= new Promise((resolve) =>
      this.#http.close(() => resolve())
    );
  }

  async end(): Promise<void> {
    this.shut();
    this.#http.closeAllConnections();
    await this.#closed;
  }

  /** Counts a connection before anything is read from it. */
  #enter(socket: Socket): void {
    this.#watch?.accepted();
    const { limits } = this.#options;
    const address = socket.remoteAddress ?? "unknown";
    const place = limits.enter(address, () => socket.destroy());
    if (place === null) return void socket.destroy();
    const timer = startTimer(() => socket.destroy(), ANSWER_MS);
    this.#entered.set(socket, {
      turns: new Semaphore(1),
      pending: 0,
      confirm: () => {
        clearTimeout(timer);
        place.confirm();
      },
      extend: () => void timer.refresh(),
    });
    socket.once("close", () => {
      clearTimeout(timer);
      place[Symbol.dispose]();
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // An error event without a listener ends the process.
    socket.on("error", () => socket.destroy());
    const admitted = this.#options.front.admit(requestOf(request));
    if ("refusal" in admitted) return refuse(socket, admitted.refusal);
    const { address, place } = admitted;
    socket.once("close", () => place[Symbol.dispose]());
    this.#webSockets.handleUpgrade(
      request,
      socket,
      head,
      (webSocket) => {
        this.#entered.get(socket)?.confirm();
        attach(
          webSocket,
          { address, stream: socket },
          (wire) => this.#options.connect(wire),
        );
      },
    );
  }

  async #respond(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const entered = this.#entered.get(request.socket);
    if (entered === undefined) return;
    if (++entered.pending > 1 + MAX_PIPELINED) {
      return void request.socket.destroy();
    }
    // Otherwise answers that nobody reads would pile up in memory.
    const turn = await entered.turns.acquire();
    response.once("close", () => {
      entered.pending--;
      turn[Symbol.dispose]();
    });
    if (request.socket.destroyed) return;
    const { front } = this.#options;
    const { status, headers, body, keepsOpen } = await front.answer(
      requestOf(request),
    );
    if (response.destroyed) return;
    if (keepsOpen) {
      entered.extend();
      response.writeHead(status, headers);
    } else {
      // Usually one request per connection, so that a connection ends with its answer.
      response.writeHead(status, { ...headers, connection: "close" });
    }
    response.end(body);
  }
}

/** A connection that holds a place. */
interface Entered {
  /** One request is answered at a time. */
  turns: Semaphore;
  /** Requests that have not been answered. */
  pending: number;
  /** Notes the upgrade: from now on the connection is not evicted, and has no deadline. */
  confirm(): void;
  /** Restarts the deadline. */
  extend(): void;
}

function requestOf(request: IncomingMessage): HttpRequest {
  return {
    method: request.method ?? "",
    target: request.url ?? "/",
    remoteAddress: request.socket.remoteAddress ?? "unknown",
    header: (name) => request.headers[name]?.toString(),
    // Ending the usual iterator would end the connection, before it has its answer.
    body: request.iterator({ destroyOnReturn: false }),
  };
}

function refuse(socket: Duplex, { status, headers, body }: HttpAnswer): void {
  const lines = Object.entries({
    connection: "close",
    ...headers,
    "content-length": String(body.length),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${
      lines.join("")
    }\r\n${body}`,
    // A client that does not close its end would hold a socket that no limit counts.
    () => socket.destroy(),
  );
}
