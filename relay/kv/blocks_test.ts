import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Assembler, MAX_BLOCK_BYTES, Packer } from "./blocks.ts";

const HEAD_BYTES = 3;

/** Packs everything and returns the blocks. */
function packAll(packer: Packer): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let block = packer.take(); block !== null; block = packer.take()) {
    for (const taken of block.taken) taken();
    blocks.push(block.bytes);
  }
  return blocks;
}

Deno.test("Packer and Assembler give back any messages, in order", () => {
  const message = fc.record({
    length: fc.oneof(fc.nat(100), fc.nat(3 * MAX_BLOCK_BYTES)),
    isText: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 20 }), (messages) => {
      const packer = new Packer();
      let taken = 0;
      for (const [index, { length, isText }] of messages.entries()) {
        const data = new Uint8Array(length).fill(index + 1);
        packer.push(data, isText, () => taken++);
      }
      const blocks = packAll(packer);
      assertEquals(blocks.every((b) => b.length <= MAX_BLOCK_BYTES), true);
      assertEquals([taken, packer.bytes], [messages.length, 0]);
      const got: [number, number | undefined, boolean][] = [];
      const assembler = new Assembler(4 * MAX_BLOCK_BYTES);
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

Deno.test("Packer.take() makes as many blocks as the bytes need, and no more", () => {
  const full = MAX_BLOCK_BYTES - HEAD_BYTES;
  for (
    const [lengths, count] of [
      [[full - 1], 1],
      [[full], 1],
      [[full + 1], 2],
      [[1000, full - 1000 - HEAD_BYTES], 1],
      [[1000, full - 1000 - HEAD_BYTES + 1], 2],
      [[full - 1, 0], 2],
      [Array(1000).fill(20), 1],
      [[2 * full], 2],
    ] as [number[], number][]
  ) {
    const packer = new Packer();
    for (const length of lengths) {
      packer.push(new Uint8Array(length), false, () => {});
    }
    assertEquals(packAll(packer).length, count, `${lengths.slice(0, 3)}`);
  }
});

Deno.test("Packer.take() tells a message taken with the block that holds its end", () => {
  const packer = new Packer();
  const told: string[] = [];
  packer.push(new Uint8Array(MAX_BLOCK_BYTES), false, () => told.push("long"));
  packer.push(new Uint8Array(1), false, () => told.push("short"));
  assertEquals(packer.take()!.taken.length, 0);
  for (const taken of packer.take()!.taken) taken();
  assertEquals(told, ["long", "short"]);
});

Deno.test("Assembler.take() takes a message of the largest size, and none beyond", () => {
  const tell = () => {};
  for (const [length, isTaken] of [[100, true], [101, false]] as const) {
    const packer = new Packer();
    packer.push(new Uint8Array(length), false, tell);
    const [block] = packAll(packer);
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
