/**
 * The connection below a WebSocket: TCP, directly or through an HTTP proxy (CONNECT), and TLS.
 *
 * @module
 */

import { type Bytes, utf8 } from "../../../bytes.ts";
import { ByteReader } from "./byte_reader.ts";
import { readHttpHead } from "./http_head.ts";
import { OpeningError } from "./steps.ts";

/** A connection to a host. */
export type HostConn = Deno.TcpConn | Deno.TlsConn;

/**
 * Connects to the host of `url`. The caller closes the connection.
 *
 * @param url `wss://…`, or `ws://…` without TLS.
 * @param proxy URL of an HTTP proxy, `http://` if it has no scheme; `null` for a direct connection.
 * @param signal Ends the attempt.
 * @throws {OpeningError} Naming the step that failed; also when the signal is aborted.
 */
export async function dialHost(
  url: URL,
  proxy: string | null,
  signal: AbortSignal,
): Promise<HostConn> {
  const conn = proxy === null
    ? await connect(hostOf(url), signal)
    : await connectThrough(proxy, hostOf(url), signal);
  if (url.protocol === "ws:") return conn;
  let secure: Deno.TlsConn;
  try {
    secure = await Deno.startTls(conn, { hostname: hostOf(url).hostname });
  } catch (cause) {
    // A name that no certificate can have, such as one with an empty label.
    close(conn);
    throw new OpeningError({ step: "TLS", cause });
  }
  using _closing = closeOnAbort(secure, signal);
  try {
    await secure.handshake();
    return secure;
  } catch (cause) {
    close(secure);
    throw new OpeningError({ step: "TLS", cause });
  }
}

/** Writes all bytes, of which the system may take a part at a time. @param onBytes Called after each. */
export async function writeAll(
  conn: HostConn,
  bytes: Bytes,
  onBytes = () => {},
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
    onBytes();
  }
}

/** Closes a connection when the signal is aborted; dispose of the result to stop that. */
function closeOnAbort(conn: HostConn, signal: AbortSignal): Disposable {
  const onAbort = () => close(conn);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return {
    [Symbol.dispose]: () => signal.removeEventListener("abort", onAbort),
  };
}

function close(conn: HostConn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}

interface Host {
  /** Without the brackets of an IPv6 address. */
  hostname: string;
  port: number;
}

function hostOf({ hostname, port, protocol }: URL): Host {
  const isSecure = protocol === "wss:" || protocol === "https:";
  return {
    hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? (isSecure ? 443 : 80) : Number(port),
  };
}

async function connect(
  host: Host,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  try {
    const conn = await Deno.connect({ ...host, signal });
    // Each write is a whole message, so Nagle's algorithm would only delay it.
    conn.setNoDelay(true);
    return conn;
  } catch (cause) {
    throw new OpeningError({ step: "connection", cause });
  }
}

async function connectThrough(
  proxy: string,
  { hostname, port }: Host,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  const url = URL.parse(proxy.includes("://") ? proxy : `http://${proxy}`);
  if (url?.protocol !== "http:") {
    throw new OpeningError({ step: "proxy address" });
  }
  const conn = await connect(hostOf(url), signal);
  using _closing = closeOnAbort(conn, signal);
  try {
    const place = `${
      hostname.includes(":") ? `[${hostname}]` : hostname
    }:${port}`;
    const request = [
      `CONNECT ${place} HTTP/1.1`,
      `Host: ${place}`,
      ...loginOf(url),
    ];
    await writeAll(conn, utf8(`${request.join("\r\n")}\r\n\r\n`));
    const reader = new ByteReader(conn);
    const { status } = await readHttpHead(reader);
    // The host sends nothing before our request: bytes after the head are not from it.
    const isThrough = status >= 200 && status < 300 && reader.held.length === 0;
    if (!isThrough) throw new OpeningError({ step: "proxy", status });
    return conn;
  } catch (error) {
    close(conn);
    const isAnswer = error instanceof OpeningError &&
      error.failed.step === "proxy";
    throw isAnswer ? error : new OpeningError({ step: "proxy", status: null });
  }
}

function loginOf({ username, password }: URL): string[] {
  if (username === "" && password === "") return [];
  const login = `${decodeEscapes(username)}:${decodeEscapes(password)}`;
  return [`Proxy-Authorization: Basic ${utf8(login).toBase64()}`];
}

/** Decodes what is escaped correctly; people also write a bare `%`. */
function decodeEscapes(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
