/**
 * The head of an HTTP/1.1 answer, read within limits.
 *
 * @module
 */

import type { ByteReader } from "./byte_reader.ts";
import { OpeningError } from "./steps.ts";

/** Longest head, in bytes. */
const MAX_HEAD_BYTES = 16 * 1024;

/** The head of an answer; names of headers are in lower case. */
export interface HttpHead {
  status: number;
  headers: Map<string, string>;
}

/**
 * Reads the head of an answer, and nothing beyond it.
 *
 * @throws {OpeningError} "end" when the connection ends without an answer; "HTTP" when the answer is
 *   not HTTP, incomplete or too long.
 */
export async function readHttpHead(reader: ByteReader): Promise<HttpHead> {
  let seen = 0;
  for (;;) {
    const { held } = reader;
    const end = endOfHead(held, Math.max(0, seen - 3));
    seen = held.length;
    if (end !== null) {
      const head = parseHead(new TextDecoder("latin1").decode(
        held.subarray(0, end),
      ));
      reader.skip(end);
      return head;
    }
    if (seen > MAX_HEAD_BYTES) throw new OpeningError({ step: "HTTP" });
    if (!(await reader.more())) {
      throw new OpeningError({ step: seen === 0 ? "end" : "HTTP" });
    }
  }
}

/** Returns the index after the empty line; `null` when that has not arrived. */
function endOfHead(bytes: Uint8Array, from: number): number | null {
  for (let at = bytes.indexOf(0x0d, from); at >= 0;) {
    const isEnd = bytes[at + 1] === 0x0a && bytes[at + 2] === 0x0d &&
      bytes[at + 3] === 0x0a;
    if (isEnd) return at + 4;
    at = bytes.indexOf(0x0d, at + 1);
  }
  return null;
}

function parseHead(text: string): HttpHead {
  const [first = "", ...lines] = text.split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1];
  if (status === undefined) throw new OpeningError({ step: "HTTP" });
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    headers.set(name, line.slice(colon + 1).trim());
  }
  return { status: Number(status), headers };
}
