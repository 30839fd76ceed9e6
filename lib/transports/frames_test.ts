import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type Bytes, concatBytes } from "../bytes.ts";
import { SpreadError } from "../errors.ts";
import { FRAME_PREFIX_BYTES, FrameReader, writeFrame } from "./frames.ts";

const LIMIT = 70_000;

function frameOf(body: Uint8Array): Bytes {
  return writeFrame(new Uint8Array(body.length + FRAME_PREFIX_BYTES), [body]);
}

/** A stream that gives `bytes` in pieces of at most `pieceBytes`. */
function readerOf(bytes: Uint8Array, pieceBytes: number): FrameReader {
  let at = 0;
  return new FrameReader((into) => {
    if (at === bytes.length) return Promise.resolve(null);
    const piece = bytes.subarray(at, at + Math.min(pieceBytes, into.length));
    into.set(piece);
    at += piece.length;
    return Promise.resolve(piece.length);
  });
}

Deno.test("next() gives back the frames, however the stream is cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 40 }), bigBody()), {
        maxLength: 5,
      }),
      fc.constantFrom(1, 2, 3, 5, 4096, 16_384, 16_385, LIMIT),
      async (bodies, pieceBytes) => {
        const reader = readerOf(
          concatBytes(...bodies.map(frameOf)),
          pieceBytes,
        );
        for (const body of bodies) {
          assertEquals((await reader.next(LIMIT))?.toHex(), body.toHex());
        }
        assertEquals(await reader.next(LIMIT), null);
      },
    ),
    { numRuns: 60 },
  );
});

function bigBody(): fc.Arbitrary<Uint8Array> {
  return fc.integer({ min: 16_380, max: 33_000 }).map((n) =>
    new Uint8Array(n).fill(n)
  );
}

Deno.test("next() says that the peer is gone when the stream ends inside a frame", async () => {
  const frame = frameOf(new Uint8Array(20));
  for (let length = 1; length < frame.length; length++) {
    const reader = readerOf(frame.subarray(0, length), 7);
    const error = await assertRejects(() => reader.next(LIMIT), SpreadError);
    assertEquals(error.code, "PEER_GONE");
  }
});

Deno.test("next() takes a body at the limit and refuses one byte more", async () => {
  const body = new Uint8Array(LIMIT);
  assertEquals(
    (await readerOf(frameOf(body), LIMIT).next(LIMIT))?.length,
    LIMIT,
  );
  const error = await assertRejects(
    () => readerOf(frameOf(body), LIMIT).next(LIMIT - 1),
    SpreadError,
  );
  assertEquals(error.code, "FRAME_TOO_LARGE");
});

Deno.test("next() has no more memory for bytes than a frame may need, before larger ones are allowed", async () => {
  const room: number[] = [];
  let at = 0;
  const frames = concatBytes(
    ...[128, 5, 4000, 100_000].map((length) => frameOf(new Uint8Array(length))),
  );
  const reader = new FrameReader((into) => {
    room.push(into.buffer.byteLength);
    const piece = frames.subarray(at, at + into.length);
    into.set(piece);
    at += piece.length;
    return Promise.resolve(piece.length);
  });
  await reader.next(128);
  await reader.next(128);
  assertEquals(new Set(room), new Set([132]));
  await reader.next(LIMIT);
  assertEquals(Math.max(...room), 4096);
  await assertRejects(() => reader.next(LIMIT), SpreadError);
  assertEquals(Math.max(...room), 4096);
});

Deno.test("next() refuses a prefix of 4 GiB without reading on", async () => {
  let reads = 0;
  const reader = new FrameReader((into) => {
    reads++;
    into.set([0xff, 0xff, 0xff, 0xff]);
    return Promise.resolve(4);
  });
  const error = await assertRejects(() => reader.next(LIMIT), SpreadError);
  assertEquals([error.code, reads], ["FRAME_TOO_LARGE", 1]);
});
