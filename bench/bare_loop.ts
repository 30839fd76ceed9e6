/**
 * The yardstick for throughput: the fastest that two Deno processes can be.
 *
 * One process encrypts records of 256 KiB with AES-256-GCM and sends them over TCP with a length
 * prefix; the other decrypts them. There is no handshake or secret key, and unless files are named
 * no disk and no hash. It is neither the protocol nor safe to use, only the minimum that any such
 * protocol has to do; with files, the minimum of one that resumes and checks what it stores.
 *
 * Usage: `bare_loop.ts send BYTES [FILE]` prints `port N` and waits; `bare_loop.ts receive BYTES
 * PORT [FILE]` prints `{"transferMs":…,"sha256":…}`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { writeAll } from "../lib/testing/streams.ts";
import { denoRun } from "./deno_run.ts";
import { MeasuredProcess } from "./process.ts";
import type { Tool } from "./tool.ts";

/** Plaintext of one record, in bytes. */
const RECORD_BYTES = 256 * 1024;

/** Records encrypted or decrypted at the same time: WebCrypto works on other threads. */
const IN_FLIGHT = 4;

const PREFIX_BYTES = 4;
const TAG_BYTES = 16;

/** Settings of a bare loop beside Deno's defaults. */
export interface BareLoopOptions {
  /** Environment, such as our allocator settings. */
  env?: Record<string, string>;
  /** Reads the payload from its file, hashes it at the receiver, and stores it there. */
  withFiles?: boolean;
}

/** The bare loop as a tool of the benchmark; without files, it uses only the size of the file. */
export function bareLoop(
  name: string,
  denoDir: string,
  { env = {}, withFiles = false }: BareLoopOptions = {},
): Tool {
  const run = (folder: string, ...args: string[]) => {
    const files = withFiles ? ["--allow-read", "--allow-write"] : [];
    return denoRun(
      [
        "--allow-net=127.0.0.1",
        ...files,
        import.meta.filename!,
        ...args,
      ],
      folder,
      denoDir,
      env,
    );
  };
  return {
    name,
    maxBytes: Infinity,
    async share(file, folder) {
      const bytes = String((await Deno.stat(file)).size);
      const input = withFiles ? [file] : [];
      const output = withFiles ? [`${folder}/received`] : [];
      const sender = new MeasuredProcess(run(folder, "send", bytes, ...input));
      const [, port] = await sender.waitFor(/^port (\d+)$/m);
      return {
        sender,
        senderEnds: true,
        receiver: run(folder, "receive", bytes, port!, ...output),
        ...(withFiles && {
          hashStored: ({ stdout }) => JSON.parse(stdout).sha256,
        }),
      };
    },
    transferMs: ({ stdout }) => JSON.parse(stdout).transferMs,
  };
}

async function send(totalBytes: number, path?: string): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  console.log(`port ${listener.addr.port}`);
  using connection = await listener.accept();
  const key = await importKey("encrypt");
  using file = path === undefined ? null : Deno.openSync(path);
  // Each stays as it is until its record is encrypted.
  const plaintexts = Array.from(
    { length: IN_FLIGHT },
    () => new Uint8Array(RECORD_BYTES),
  );
  const pending: Promise<ArrayBuffer>[] = [];
  let left = totalBytes;
  for (let counter = 0; left > 0 || pending.length > 0;) {
    while (left > 0 && pending.length < IN_FLIGHT) {
      const plaintext = plaintexts[counter % IN_FLIGHT]!;
      const piece = plaintext.subarray(0, Math.min(left, RECORD_BYTES));
      if (file !== null) fill(file, piece);
      pending.push(crypto.subtle.encrypt(algorithm(counter++), key, piece));
      left -= piece.length;
    }
    await writeAll(connection, frame(await pending.shift()!));
  }
}

async function receive(
  totalBytes: number,
  port: number,
  path?: string,
): Promise<void> {
  const key = await importKey("decrypt");
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  using file = path === undefined
    ? null
    : Deno.openSync(path, { write: true, createNew: true });
  const hash = createHash("sha256");
  const pending: Promise<ArrayBuffer>[] = [];
  let counter = 0;
  let opened = 0;
  let startMs = NaN;
  const openOne = async () => {
    const piece = new Uint8Array(await pending.shift()!);
    opened += piece.length;
    if (file === null) return;
    hash.update(piece);
    for (let at = 0; at < piece.length;) {
      at += file.writeSync(piece.subarray(at));
    }
  };
  for await (const body of frames(connection)) {
    if (counter === 0) startMs = performance.now();
    pending.push(crypto.subtle.decrypt(algorithm(counter++), key, body));
    if (pending.length === IN_FLIGHT) await openOne();
  }
  while (pending.length > 0) await openOne();
  const transferMs = performance.now() - startMs;
  if (opened !== totalBytes) {
    throw new Error(`Received ${opened} of ${totalBytes} bytes`);
  }
  console.log(JSON.stringify({ transferMs, sha256: hash.digest("hex") }));
}

function fill(file: Deno.FsFile, piece: Uint8Array): void {
  for (let at = 0; at < piece.length;) {
    const count = file.readSync(piece.subarray(at));
    if (count === null) throw new Error("The file has become shorter");
    at += count;
  }
}

/** Yields bodies as they arrive; each is valid until the next one is requested. */
async function* frames(
  connection: Deno.Conn,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(4 * RECORD_BYTES);
  const view = new DataView(buffer.buffer);
  let start = 0;
  let end = 0;
  while (true) {
    while (end - start >= PREFIX_BYTES) {
      const next = start + PREFIX_BYTES + view.getUint32(start);
      if (next > end) break;
      yield buffer.subarray(start + PREFIX_BYTES, next);
      start = next;
    }
    buffer.copyWithin(0, start, end);
    end -= start;
    start = 0;
    const count = await connection.read(buffer.subarray(end));
    if (count === null) return;
    end += count;
  }
}

function frame(body: ArrayBuffer): Uint8Array {
  const framed = new Uint8Array(PREFIX_BYTES + body.byteLength);
  new DataView(framed.buffer).setUint32(0, body.byteLength);
  framed.set(new Uint8Array(body), PREFIX_BYTES);
  return framed;
}

function algorithm(counter: number): AesGcmParams {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setBigUint64(4, BigInt(counter));
  return { name: "AES-GCM", iv, tagLength: 8 * TAG_BYTES };
}

function importKey(usage: KeyUsage): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", new Uint8Array(32), "AES-GCM", false, [
    usage,
  ]);
}

if (import.meta.main) {
  const [role, bytes, ...rest] = Deno.args;
  if (role === "send") await send(Number(bytes), rest[0]);
  else await receive(Number(bytes), Number(rest[0]), rest[1]);
}
