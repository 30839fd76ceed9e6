import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { SpreadError } from "../../errors.ts";
import { decodePosition, encodePosition } from "./record_types.ts";

function assertBad(decode: () => unknown): void {
  assertEquals(assertThrows(decode, SpreadError).code, "BAD_MESSAGE");
}

Deno.test("decodePosition() gives back any position up to its limit, and refuses what lies beyond", () => {
  const max = 2 ** 40;
  fc.assert(fc.property(
    fc.oneof(fc.maxSafeNat(), fc.nat(max), fc.constantFrom(max, max + 1)),
    (position) => {
      const body = encodePosition(position);
      assertEquals(body.length, 8);
      if (position <= max) assertEquals(decodePosition(body, max), position);
      else assertBad(() => decodePosition(body, max));
    },
  ));
});

Deno.test("decodePosition() refuses positions that a number cannot hold", () => {
  for (const first of [0x00, 0x20, 0x80, 0xff]) {
    const body = new Uint8Array(8).fill(0xff);
    body[0] = first;
    assertBad(() => decodePosition(body, Number.MAX_SAFE_INTEGER));
  }
});

Deno.test("decodePosition() takes exactly 8 bytes, also amid a larger buffer", () => {
  for (const length of [0, 1, 7, 9, 16]) {
    assertBad(() => decodePosition(new Uint8Array(length), 1));
  }
  const buffer = new Uint8Array(20).fill(0xff);
  buffer.set(encodePosition(5), 7);
  assertEquals(decodePosition(buffer.subarray(7, 15), 10), 5);
});
