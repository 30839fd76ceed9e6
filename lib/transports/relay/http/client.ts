/**
 * An HTTP/1.1 client that does not trust its server: it reads no more of an answer than its caller
 * allows, waits no longer than it says, and follows no redirection. Requests go one after the other
 * over one connection, by the same way as WebSockets (`websocket/dial.ts`).
 *
 * @module
 */

import { type Bytes, concatBytes, utf8 } from "../../../bytes.ts";
import { ByteReader } from "../websocket/byte_reader.ts";
import { dialHost, type HostConn, writeAll } from "../websocket/dial.ts";
import { type HttpHead, readHttpHead } from "../websocket/http_head.ts";
import { OpeningError } from "../websocket/steps.ts";
import { readHttpBody } from "./body.ts";

/** Longest that the server may send and take nothing, and that a request may last, in milliseconds. */
const SILENT_MS = 30_000;
const REQUEST_MS = 120_000;

/** Most provisional answers (1xx) before an answer. */
const MAX_PROVISIONAL = 8;

/** Statuses of relays that know no such requests: older ones, and those that take WebSockets only. */
export const UNKNOWN_STATUSES = [400, 404, 405, 426, 501];

/** A request; every one may be repeated without harm. */
export interface ClientRequest {
  method: "GET" | "PUT" | "POST" | "DELETE";
  /** Path below that of the server's URL, from its slash on. */
  path: string;
  headers?: Record<string, string>;
  body?: Bytes;
  /** Most bytes of the answer's body. */
  maxBytes: number;
}

/** An answer; names of headers are in lower case. */
export interface HttpReply extends HttpHead {
  body: Bytes;
}

/** Thrown when a server has sent nothing for too long, or an answer took too long. */
export class SilentError extends Error {
  override name = "SilentError";
}

/** Options of a client. */
export interface HttpClientOptions {
  /** URL of an HTTP proxy to connect through; `null` for a direct connection. */
  proxy: string | null;
  /** Ends every request. */
  signal: AbortSignal;
  /** Times in place of {@linkcode SILENT_MS} and {@linkcode REQUEST_MS}, for tests. */
  silentMs?: number;
  requestMs?: number;
}

/** A client of one server. */
export class HttpClient implements Disposable {
  readonly #url: URL;
  #open: { conn: HostConn; reader: ByteReader } | null = null;
  #onBytes = () => {};

  /** @param url Of a relay: `wss://…` for TLS, or `ws://…`. */
  constructor(url: string, private readonly options: HttpClientOptions) {
    this.#url = new URL(url);
  }

  /**
   * Sends a request, and reads the answer.
   *
   * @throws {OpeningError} When there is no connection, no answer, or one that is not HTTP, or longer
   *   than allowed; {@linkcode SilentError}; the signal's reason.
   */
  async ask(request: ClientRequest): Promise<HttpReply> {
    const isReused = this.#open !== null;
    try {
      return await this.#askOnce(request);
    } catch (error) {
      // A server may close an idle connection at any moment.
      const isStale = isReused && error instanceof OpeningError &&
        error.failed.step === "end";
      if (!isStale) throw error;
      return await this.#askOnce(request);
    }
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  async #askOnce(request: ClientRequest): Promise<HttpReply> {
    const { signal, silentMs = SILENT_MS, requestMs = REQUEST_MS } =
      this.options;
    signal.throwIfAborted();
    const ending = new AbortController();
    const end = (reason: unknown) => {
      ending.abort(reason);
      this.#close();
    };
    const onAbort = () => end(signal.reason);
    const onSilence = () => end(new SilentError());
    signal.addEventListener("abort", onAbort, { once: true });
    const total = setTimeout(onSilence, requestMs);
    let silence = setTimeout(onSilence, silentMs);
    this.#onBytes = () => {
      clearTimeout(silence);
      silence = setTimeout(onSilence, silentMs);
    };
    try {
      return await this.#exchange(request, ending.signal);
    } catch (error) {
      this.#close();
      ending.signal.throwIfAborted();
      throw error;
    } finally {
      this.#onBytes = () => {};
      clearTimeout(silence);
      clearTimeout(total);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #exchange(
    request: ClientRequest,
    signal: AbortSignal,
  ): Promise<HttpReply> {
    const { conn, reader } = this.#open ??= await this.#connect(signal);
    // A server may answer, and close, before it has read all of the request.
    const isSent = await writeAll(
      conn,
      this.#messageOf(request),
      () => this.#onBytes(),
    )
      .then(() => true, () => false);
    const head = await readHead(reader);
    const { body, isWhole } = await readHttpBody(
      reader,
      head,
      request.maxBytes,
    );
    const keeps = isSent && isWhole &&
      head.headers.get("connection")?.toLowerCase() !== "close";
    if (!keeps) this.#close();
    return { ...head, body };
  }

  async #connect(signal: AbortSignal) {
    const conn = await dialHost(this.#url, this.options.proxy, signal);
    // The signal was aborted while the last step ended.
    if (signal.aborted) conn.close();
    signal.throwIfAborted();
    return { conn, reader: new ByteReader(conn, () => this.#onBytes()) };
  }

  #messageOf({ method, path, headers, body }: ClientRequest): Bytes {
    const { pathname, search, host } = this.#url;
    const lines = [
      `${method} ${pathname.replace(/\/$/, "")}${path}${search} HTTP/1.1`,
      `Host: ${host}`,
      "User-Agent: claude-spread",
      ...Object.entries(headers ?? {}).map(([name, value]) =>
        `${name}: ${value}`
      ),
      ...body === undefined ? [] : [`Content-Length: ${body.length}`],
    ];
    const head = utf8(`${lines.join("\r\n")}\r\n\r\n`);
    return body === undefined ? head : concatBytes(head, body);
  }

  #close(): void {
    const open = this.#open;
    this.#open = null;
    try {
      open?.conn.close();
    } catch {
      // It is closed already.
    }
  }
}

/** Reads the head of the final answer. */
async function readHead(reader: ByteReader): Promise<HttpHead> {
  for (let count = 0; count <= MAX_PROVISIONAL; count++) {
    const head = await readHeadOnce(reader);
    if (head.status >= 200) return head;
  }
  throw new OpeningError({ step: "HTTP" });
}

async function readHeadOnce(reader: ByteReader): Promise<HttpHead> {
  try {
    return await readHttpHead(reader);
  } catch (error) {
    // An error of the network.
    if (error instanceof OpeningError) throw error;
    throw new OpeningError({ step: "end" });
  }
}
