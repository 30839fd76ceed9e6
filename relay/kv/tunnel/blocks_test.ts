import { assert, assertEquals, assertThrows } from "@std/assert";
import { PIECE_COST_BYTES } from "../../../lib/bytes.ts";
import fc from "fast-check";
import { Assembler, MAX_BLOCK_BYTES, Packer } from "./blocks.ts";

const HEAD_BYTES = 3;

/** Packs everything, at most so many blocks at once, and returns the blocks. */
function packAll(packer: Packer, most: number): Uint8Array[] {
  const all: Uint8Array[] = [];
  while (!packer.isEmpty) {
    const { blocks, taken } = packer.take(most);
    assert(blocks.length > 0 && blocks.length <= most);
    for (const onTaken of taken) onTaken();
    all.push(...blocks);
  }
  return all;
}

Deno.test("Packer and Assembler give back any messages, in order", () => {
  const message = fc.record({
    length: fc.oneof(fc.nat(100), fc.nat(3 * MAX_BLOCK_BYTES)),
    isText: fc.boolean(),
  });
  const messages = fc.array(message, { maxLength: 20 });
  fc.assert(
    fc.property(messages, fc.integer({ min: 1, max: 5 }), (messages, most) => {
      const packer = new Packer();
      let taken = 0;
      for (const [index, { length, isText }] of messages.entries()) {
        const data = new Uint8Array(length).fill(index + 1);
        packer.push(data, isText, () => taken++);
      }
      const blocks = packAll(packer, most);
      assertEquals(blocks.every((b) => b.length <= MAX_BLOCK_BYTES), true);
      assertEquals([taken, packer.bytes], [messages.length, 0]);
      const got: [number, number | undefined, boolean][] = [];
      const assembler = new Assembler(3 * MAX_BLOCK_BYTES);
      for (const block of blocks) {
        assembler.take(block, (data, isText) => {
          got.push([data.length, data.at(-1), isText]);
        });
      }
      assertEquals(
        got,
        messages.map(({ length, isText }, index) => [
          length,
          length === 0 ? undefined : index + 1,
          isText,
        ]),
      );
    }),
  );
});

// Breaks when empty messages cost nothing: a client could queue any number of them.
Deno.test("Packer.bytes counts each message, however short", () => {
  const packer = new Packer();
  for (let i = 0; i < 1000; i++) {
    packer.push(new Uint8Array(0), false, () => {});
  }
  assertEquals(packer.bytes, 1000 * PIECE_COST_BYTES);
  packer.clear();
  assertEquals(packer.bytes, 0);
});

Deno.test("Packer.take() makes as many blocks as the bytes need, and no more", () => {
  const full = MAX_BLOCK_BYTES - HEAD_BYTES;
  for (
    const [lengths, sizes] of [
      [[50_000, full - 50_000 - HEAD_BYTES], [MAX_BLOCK_BYTES]],
      [[50_000, full - 50_000 - HEAD_BYTES + 1], [MAX_BLOCK_BYTES, 4]],
      [[50_000, full - 50_000 - HEAD_BYTES, 0], [MAX_BLOCK_BYTES, 3]],
      [Array(1000).fill(20), [23_000]],
      // Long pieces have blocks of their own.
      [[60 * 1024 - 1], [60 * 1024 + 2]],
      [[60 * 1024], [3, 60 * 1024]],
      [[MAX_BLOCK_BYTES], [3, MAX_BLOCK_BYTES]],
      [[MAX_BLOCK_BYTES + 1], [7, MAX_BLOCK_BYTES]],
      [[8, 2 * MAX_BLOCK_BYTES, 8], [28, MAX_BLOCK_BYTES, MAX_BLOCK_BYTES]],
      // At most four blocks at once.
      [Array(4).fill(MAX_BLOCK_BYTES), [
        9,
        ...Array(3).fill(MAX_BLOCK_BYTES),
        3,
        MAX_BLOCK_BYTES,
      ]],
    ] as [number[], number[]][]
  ) {
    const packer = new Packer();
    for (const length of lengths) {
      packer.push(new Uint8Array(length), false, () => {});
    }
    const blocks = packAll(packer, 4);
    assertEquals(blocks.map(({ length }) => length), sizes);
  }
});

Deno.test("Packer.take() copies no piece that has a block of its own, and Assembler no message of one piece", () => {
  const packer = new Packer();
  const data = new Uint8Array(MAX_BLOCK_BYTES);
  packer.push(data, false, () => {});
  const { blocks } = packer.take(2);
  const assembler = new Assembler(MAX_BLOCK_BYTES);
  const got: ArrayBufferLike[] = [];
  for (const block of blocks) {
    assembler.take(block, ({ buffer }) => got.push(buffer));
  }
  assertEquals(got.length, 1);
  assert(got[0] === data.buffer);
});

Deno.test("Packer.take() tells a message taken with the blocks that hold its end", () => {
  const packer = new Packer();
  const told: string[] = [];
  packer.push(new Uint8Array(MAX_BLOCK_BYTES), false, () => told.push("long"));
  packer.push(new Uint8Array(1), false, () => told.push("short"));
  assertEquals(packer.take(1).taken.length, 0);
  for (const onTaken of packer.take(1).taken) onTaken();
  assertEquals(told, ["long", "short"]);
});

Deno.test("Assembler.take() takes a message of the largest size, and none beyond", () => {
  const tell = () => {};
  for (const [length, isTaken] of [[100, true], [101, false]] as const) {
    const packer = new Packer();
    packer.push(new Uint8Array(length), false, tell);
    const [block] = packAll(packer, 1);
    const take = () => new Assembler(100).take(block!, tell);
    if (isTaken) take();
    else assertThrows(take, RangeError, "too large");
  }
});

Deno.test("Assembler.take() refuses what is no block", () => {
  for (const block of [[1], [1, 0], [1, 0, 2, 7], [1, 0, 0, 1, 255, 255]]) {
    assertThrows(
      () => new Assembler(100).take(Uint8Array.from(block), () => {}),
      RangeError,
      "A cut block",
    );
  }
});
