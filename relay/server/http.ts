/**
 * HTTP requests and answers, the same for every listener.
 *
 * @module
 */

/** A request, as any server provides it. */
export interface HttpRequest {
  method: string;
  /** Path and query, or anything else that the client sent in their place. */
  target: string;
  /** Address of the connection's other end. */
  remoteAddress: string;
  /** Returns a header by its lowercase name. */
  header(name: string): string | undefined;
  /** The body as it arrives; rejects when the connection is cut, and may be left unread. */
  body: AsyncIterable<Uint8Array>;
}

/** An answer over HTTP. */
export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
  /** Whether the connection may be used for another request. */
  keepsOpen?: boolean;
}

/** Makes an answer that nobody caches, and whose type no browser guesses. */
export function answer(
  status: number,
  type: string,
  body: string | Uint8Array,
): HttpAnswer {
  return {
    status,
    headers: {
      "content-type": type,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
    body,
  };
}

/** Makes an answer of one line of text. */
export function plain(status: number, line: string): HttpAnswer {
  return answer(status, "text/plain", `${line}\n`);
}

/**
 * Reads the body of a request.
 *
 * @param options `limitMs`: time for all of it; `signal` ends the wait before.
 * @returns `"long"` when it exceeds `maxBytes`, `"late"` when it is not there in time or the
 *   connection is cut; the rest is not read then.
 */
export async function readBody(
  { body }: HttpRequest,
  maxBytes: number,
  { limitMs, signal }: { limitMs: number; signal: AbortSignal },
): Promise<Uint8Array | "long" | "late"> {
  const chunks = body[Symbol.asyncIterator]();
  const late = Promise.withResolvers<"late">();
  const end = () => late.resolve("late");
  const timer = setTimeout(end, limitMs);
  signal.addEventListener("abort", end);
  // A body in one piece, as most are, is not copied.
  let only: Uint8Array = new Uint8Array(0);
  let whole: Uint8Array | null = null;
  let length = 0;
  try {
    for (;;) {
      const next = await Promise.race([chunks.next(), late.promise]);
      if (next === "late") return "late";
      if (next.done) return whole?.slice(0, length) ?? only;
      const chunk = next.value;
      if (length + chunk.length > maxBytes) return "long";
      if (length === 0) only = chunk;
      else {
        whole ??= startWith(only, maxBytes);
        whole.set(chunk, length);
      }
      length += chunk.length;
    }
  } catch {
    return "late";
  } finally {
    clearTimeout(timer);
    // Not awaited: it may last until the client sends more.
    chunks.return?.()?.catch(() => {});
  }
}

/**
 * Frees the memory of a body that nothing needs any more. The garbage collector would do so only
 * seconds later, when a busy relay holds tens of megabytes of them.
 */
export function discardBody({ buffer, length }: Uint8Array): void {
  // A part of a larger buffer may not be ours alone.
  if (length === buffer.byteLength && buffer instanceof ArrayBuffer) {
    buffer.transfer(0);
  }
}

/** Returns a buffer of this size that begins with these bytes. */
function startWith(bytes: Uint8Array, size: number): Uint8Array {
  const buffer = new Uint8Array(size);
  buffer.set(bytes);
  return buffer;
}
