import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Bytes, concatBytes } from "../../bytes.ts";
import { SpreadError, type SpreadErrorCode } from "../../errors.ts";
import { pause } from "../../testing/protocol.ts";
import {
  BytesPayload,
  FilePayload,
  type Payload,
  PIECE_BYTES,
  PIECES_KEPT,
} from "./source.ts";

/** SHA-256 of `abc`: FIPS 180-2, appendix B.1. */
const SHA256_ABC =
  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

const encoder = new TextEncoder();

/** Bytes that differ from position to position. */
function numbered(length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) % 251);
}

/** A temporary folder with one file. */
async function fileWith(
  content: Uint8Array,
): Promise<{ path: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir({ prefix: "cs-source-" });
  const path = `${folder}/a.md`;
  await Deno.writeFile(path, content);
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function readAll(payload: Payload, offset: number): Promise<Bytes> {
  const pieces = await Array.fromAsync(
    payload.read(offset),
    (piece) => piece.slice(),
  );
  for (const piece of pieces) {
    assert(piece.length > 0 && piece.length <= PIECE_BYTES);
  }
  return concatBytes(...pieces);
}

async function assertCode(
  promise: () => Promise<unknown>,
  code: SpreadErrorCode,
): Promise<SpreadError> {
  const error = await assertRejects(promise, SpreadError);
  assertEquals(error.code, code);
  return error;
}

Deno.test("FilePayload and BytesPayload know size and hash", async () => {
  await using file = await fileWith(encoder.encode("abc"));
  const payloads = [
    new BytesPayload(encoder.encode("abc")),
    await FilePayload.open(file.path),
  ];
  for (const { size, sha256 } of payloads) {
    assertEquals([size, sha256], [3, SHA256_ABC]);
  }
});

Deno.test("read() gives the bytes from any position on, at every size", async () => {
  const sizes = [1, 2, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1];
  for (const size of [...sizes, 3 * PIECE_BYTES + 7]) {
    const bytes = numbered(size);
    await using file = await fileWith(bytes);
    const payloads = [
      new BytesPayload(bytes),
      await FilePayload.open(file.path),
    ];
    const offsets = [0, 1, size - 1, size, Math.min(size, PIECE_BYTES)];
    for (const payload of payloads) {
      for (const offset of offsets) {
        const read = await readAll(payload, offset);
        assertEquals(read.length, size - offset);
        assert(read.every((byte, i) => byte === bytes[offset + i]));
      }
    }
  }
});

Deno.test("read() leaves a piece as it is, until the promised number of others has been asked for", async () => {
  const bytes = numbered((PIECES_KEPT + 3) * PIECE_BYTES);
  await using file = await fileWith(bytes);
  const payload = await FilePayload.open(file.path);
  const kept: { piece: Bytes; at: number }[] = [];
  let at = 0;
  for await (const piece of payload.read(0)) {
    kept.push({ piece, at });
    at += piece.length;
    if (kept.length > PIECES_KEPT) kept.shift();
    for (const { piece, at } of kept) {
      assertEquals(piece[0], bytes[at]);
      assertEquals(piece.at(-1), bytes[at + piece.length - 1]);
    }
  }
});

Deno.test("FilePayload.open() and BytesPayload refuse what holds nothing but blanks", async () => {
  const blanks = ["", " ", "\n", " \t\r\n\v\f", " ".repeat(PIECE_BYTES + 1)];
  for (const blank of blanks) {
    await using file = await fileWith(encoder.encode(blank));
    const error = await assertCode(
      () => FilePayload.open(file.path),
      "PAYLOAD_EMPTY",
    );
    assert(error.message.includes(file.path));
    const thrown = assertThrows(
      () => new BytesPayload(encoder.encode(blank)),
      SpreadError,
    );
    assertEquals(thrown.code, "PAYLOAD_EMPTY");
  }
  const late = encoder.encode(`${" ".repeat(PIECE_BYTES)}x`);
  await using file = await fileWith(late);
  assertEquals(
    (await FilePayload.open(file.path)).size,
    PIECE_BYTES + 1,
  );
});

Deno.test("FilePayload.open() calls the file what it is told to", async () => {
  await using file = await fileWith(encoder.encode(" "));
  await assertRejects(
    () => FilePayload.open(file.path, { name: "the input" }),
    SpreadError,
    "Cannot share the input: it is empty",
  );
});

Deno.test("FilePayload.open() refuses what is missing or no file", async () => {
  await using file = await fileWith(numbered(10));
  const folder = file.path.replace(/[^/\\]*$/, "");
  for (const path of [`${folder}missing`, folder, `${file.path}/x`]) {
    await assertCode(() => FilePayload.open(path), "PAYLOAD_UNREADABLE");
  }
});

Deno.test("FilePayload.open() fails with the signal's reason, when it is aborted meanwhile", async () => {
  await using file = await fileWith(numbered(10));
  // A hole: reading it costs time but no disk space.
  await Deno.truncate(file.path, 2 ** 33);
  const stopped = new SpreadError("INTERRUPTED", "Stopped");
  const controller = new AbortController();
  setTimeout(() => controller.abort(stopped), 20);
  await assertCode(
    () => FilePayload.open(file.path, { signal: controller.signal }),
    "INTERRUPTED",
  );
});

/** Changes of a file; its size before them is 2 pieces. */
const CHANGES: [string, (path: string) => Promise<void>][] = [
  ["append", (path) => Deno.writeFile(path, numbered(5), { append: true })],
  ["truncate", (path) => Deno.truncate(path, PIECE_BYTES)],
  ["empty", (path) => Deno.truncate(path, 0)],
  ["rewrite", (path) => Deno.writeFile(path, numbered(2 * PIECE_BYTES))],
  ["remove", (path) => Deno.remove(path)],
  ["replace", async (path) => {
    await Deno.copyFile(path, `${path}.new`);
    await Deno.rename(`${path}.new`, path);
  }],
  ["replace by folder", async (path) => {
    await Deno.remove(path);
    await Deno.mkdir(path);
  }],
];

for (const [name, change] of CHANGES) {
  Deno.test(`read() says so, when the file has changed before it: ${name}`, async () => {
    await using file = await fileWith(numbered(2 * PIECE_BYTES));
    const payload = await FilePayload.open(file.path);
    await waitForLaterTime(file.path);
    await change(file.path);
    await assertCode(() => readAll(payload, 0), "PAYLOAD_CHANGED");
    // Also when nothing is left to send.
    await assertCode(() => readAll(payload, payload.size), "PAYLOAD_CHANGED");
  });
}

for (const [name, change] of CHANGES.slice(0, 4)) {
  Deno.test(`read() says so after its last piece at the latest, and gives no more than was offered: ${name}`, async () => {
    await using file = await fileWith(numbered(2 * PIECE_BYTES));
    const payload = await FilePayload.open(file.path);
    await waitForLaterTime(file.path);
    let given = 0;
    await assertCode(async () => {
      for await (const piece of payload.read(0)) {
        if (given === 0) await change(file.path);
        given += piece.length;
      }
    }, "PAYLOAD_CHANGED");
    assert(given <= payload.size, `${given}`);
  });
}

/**
 * Waits until a change of the file would have a later time: file systems count in steps of some
 * milliseconds, and a change within the same one would not show.
 */
async function waitForLaterTime(path: string): Promise<void> {
  const { mtime } = await Deno.stat(path);
  const probe = `${path}.probe`;
  do {
    await pause(1);
    await Deno.writeTextFile(probe, "x");
  } while ((await Deno.stat(probe)).mtime! <= mtime!);
  await Deno.remove(probe);
}

Deno.test("read() closes the file, when its reader leaves early", async () => {
  await using file = await fileWith(numbered(3 * PIECE_BYTES));
  const payload = await FilePayload.open(file.path);
  // The test runner counts open files.
  for await (const _ of payload.read(0)) break;
});
