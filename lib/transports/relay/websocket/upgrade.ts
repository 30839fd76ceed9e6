/**
 * The opening handshake of a WebSocket (RFC 6455, section 4.1), without extensions and
 * sub-protocols. Follows no redirection.
 *
 * @module
 */

import { type Bytes, utf8 } from "../../../bytes.ts";
import type { ByteReader } from "./byte_reader.ts";
import { type HostConn, writeAll } from "./dial.ts";
import { type HttpHead, readHttpHead } from "./http_head.ts";
import { OpeningError } from "./steps.ts";

/** Constant of the handshake (RFC 6455, section 1.3). */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Most bytes read of a refusal's body, and the time for it, in milliseconds. */
const MAX_BODY_BYTES = 256;
const BODY_TIMEOUT_MS = 1_000;

/**
 * Requests a WebSocket; afterwards `reader` is at the first frame.
 *
 * @param key 16 fresh bytes.
 * @throws {OpeningError} "answer" with an HTTP answer that refuses; "end" or "HTTP" without one.
 */
export async function upgrade(
  conn: HostConn,
  reader: ByteReader,
  url: URL,
  key: Bytes,
): Promise<void> {
  const request = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Connection: Upgrade",
    "Upgrade: websocket",
    `Sec-WebSocket-Key: ${key.toBase64()}`,
    "Sec-WebSocket-Version: 13",
    "User-Agent: claude-spread",
  ];
  let head: HttpHead;
  try {
    await writeAll(conn, utf8(`${request.join("\r\n")}\r\n\r\n`));
    head = await readHttpHead(reader);
  } catch (error) {
    if (error instanceof OpeningError) throw error;
    throw new OpeningError({ step: "end" });
  }
  if (await isUpgraded(head, key)) return;
  const { status, headers } = head;
  const location = headers.get("location") ?? null;
  const announced = Number(headers.get("content-length") ?? MAX_BODY_BYTES);
  const body = await readBody(reader, Math.min(announced, MAX_BODY_BYTES));
  throw new OpeningError({
    step: "answer",
    answer: { status, location, body },
  });
}

async function isUpgraded(
  { status, headers }: HttpHead,
  key: Bytes,
): Promise<boolean> {
  const hash = await crypto.subtle.digest(
    "SHA-1",
    utf8(`${key.toBase64()}${GUID}`),
  );
  return status === 101 &&
    headers.get("upgrade")?.toLowerCase() === "websocket" &&
    headers.get("sec-websocket-accept") === new Uint8Array(hash).toBase64() &&
    !headers.has("sec-websocket-extensions");
}

/** Returns the beginning of a body, as far as it arrives in time. */
async function readBody(
  reader: ByteReader,
  maxBytes: number,
): Promise<string> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), BODY_TIMEOUT_MS);
  while (reader.held.length < maxBytes) {
    const more = reader.more().catch(() => false);
    if (!(await Promise.race([more, late.promise]))) break;
  }
  clearTimeout(timer);
  return new TextDecoder().decode(reader.held.subarray(0, MAX_BODY_BYTES));
}
