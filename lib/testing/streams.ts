/**
 * Byte streams for tests: writes on raw connections, and proxies between them.
 *
 * @module
 */

/**
 * A connection whose two directions end separately. A proxy that closed both when one ends
 * would reset the connection, and the other side would lose what it has not read yet.
 */
export interface Stream {
  /** Bytes as they come in, until the peer ends its direction; each valid until the next. */
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Writes all of a piece. */
  write(piece: Uint8Array): Promise<void>;
  /** Ends our direction. */
  end(): Promise<void>;
  /** Closes both directions at once. */
  close(): void;
}

/** Makes a {@linkcode Stream} of a connection. */
export function streamOf(conn: Deno.Conn): Stream {
  return {
    pieces: piecesOf(conn),
    write: (piece) => writeAll(conn, piece),
    end: () => conn.closeWrite(),
    close: () => conn.close(),
  };
}

/** Reads until the end; unlike `conn.readable`, it then leaves the other direction open. */
async function* piecesOf(conn: Deno.Conn): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}

/** Writes all of `bytes`; one `conn.write()` may write only a part. */
export async function writeAll(
  conn: Deno.Conn,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

/** Copies `source` to `target` until it ends, waiting for `before` ahead of each piece. */
export async function pump(
  source: Stream,
  target: Stream,
  before: (piece: Uint8Array) => Promise<void> | void = () => {},
): Promise<void> {
  for await (const piece of source.pieces) {
    await before(piece);
    await target.write(piece);
  }
  await target.end();
}

/** Closes a stream, whether or not it is closed already. */
export function close(stream: Pick<Stream, "close">): void {
  try {
    stream.close();
  } catch {
    // Closed already.
  }
}
