/**
 * Raw connections for tests: what is written in whole, and what a proxy passes on.
 *
 * @module
 */

/**
 * A connection whose directions end apart. A proxy that closed both at the end of one would
 * reset the connection, and the other side would lose what it has not read yet.
 */
export interface Stream {
  readonly pieces: AsyncIterable<Uint8Array>;
  write(piece: Uint8Array): Promise<void>;
  /** Ends our direction. */
  end(): Promise<void>;
  /** Cuts both. */
  close(): void;
}

/** The two directions of a connection. */
export function streamOf(conn: Deno.Conn): Stream {
  return {
    pieces: piecesOf(conn),
    write: (piece) => writeAll(conn, piece),
    end: () => conn.closeWrite(),
    close: () => conn.close(),
  };
}

/** Unlike `conn.readable`, leaves the other direction open at the end of this one. */
async function* piecesOf(conn: Deno.Conn): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await conn.read(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}

/** Writes all of `bytes`; `conn.write()` may take a part. */
export async function writeAll(
  conn: Deno.Conn,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += await conn.write(bytes.subarray(at));
  }
}

/** Passes on until the end of `source`, each piece after `before`. */
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

/** Cuts it, unless its two directions have ended. */
export function close(stream: Pick<Stream, "close">): void {
  try {
    stream.close();
  } catch {
    // It is closed.
  }
}
