import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concatBytes } from "../../../bytes.ts";
import { encodeFrame, OPCODES, readHead } from "./frames.ts";

Deno.test("encodeFrame() writes the frame of RFC 6455, section 5.7", () => {
  const mask = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
  const frame = encodeFrame(
    OPCODES.text,
    [new TextEncoder().encode("Hel"), new TextEncoder().encode("lo")],
    mask,
  );
  assertEquals(frame.toHex(), "818537fa213d7f9f4d5158");
});

Deno.test("encodeFrame() masks a payload of any length, and announces it", () => {
  const lengths = fc.constantFrom(0, 1, 125, 126, 127, 65_535, 65_536, 65_543);
  const masks = fc.uint8Array({ minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(lengths, masks, (length, key) => {
      const payload = new Uint8Array(length).map((_, i) => i);
      const mask = new Uint8Array(key);
      const frame = encodeFrame(OPCODES.binary, [payload], mask);
      // A server's frame is the same without the mask.
      const headBytes = frame.length - length - 4;
      const head = frame.slice(0, headBytes);
      head[1]! &= 0x7f;
      assertEquals(readHead(head), {
        isFinal: true,
        opcode: OPCODES.binary,
        headBytes,
        payloadBytes: length,
      });
      const masked = frame.subarray(headBytes + 4);
      assertEquals(masked.map((byte, i) => byte ^ mask[i % 4]!), payload);
    }),
    { numRuns: 50 },
  );
});

Deno.test("readHead() waits for the whole head", () => {
  const head = Uint8Array.of(0x02, 127, 0, 0, 1, 0, 0, 0, 0, 0);
  for (let length = 0; length < head.length; length++) {
    assertEquals(readHead(head.subarray(0, length)), null);
  }
  const { payloadBytes, isFinal } = readHead(concatBytes(head, head))!;
  assertEquals([payloadBytes, isFinal], [2 ** 40, false]);
});

for (
  const [what, ...head] of [
    ["a reserved bit", 0xc2, 1],
    ["a mask", 0x82, 0x81],
    ["an unknown kind", 0x83, 1],
    ["an unknown control frame", 0x8b, 1],
    ["a ping in parts", 0x09, 1],
    ["a ping of 126 bytes", 0x89, 126],
  ] as [string, number, number][]
) {
  Deno.test(`readHead() refuses ${what}`, () => {
    assertThrows(() => readHead(Uint8Array.from(head)), RangeError);
  });
}
