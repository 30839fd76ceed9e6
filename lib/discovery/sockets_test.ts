import { assertEquals } from "@std/assert";
import { isPlausible } from "./sockets.ts";

function header(length: number, ...counts: number[]): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  counts.forEach((count, index) => view.setUint16(4 + 2 * index, count));
  return bytes;
}

for (
  const [datagram, expected, what] of [
    [header(12), true, "there is only a header"],
    [new Uint8Array(11), false, "the header is cut"],
    [new Uint8Array(), false, "it is empty"],
    [header(9000), true, "it is as long as can be"],
    [header(9001), false, "it is too long"],
    [header(100, 64, 64, 64, 64), true, "it claims 256 records"],
    [header(100, 64, 64, 64, 65), false, "it claims 257 records"],
    [header(100, 257), false, "it claims 257 questions"],
    [new Uint8Array(12).fill(255), false, "it claims everything"],
    [header(20, 257).subarray(8), true, "it is a part of a larger buffer"],
  ] as const
) {
  Deno.test(`isPlausible() is ${expected}, when ${what}`, () => {
    assertEquals(isPlausible(datagram), expected);
  });
}
