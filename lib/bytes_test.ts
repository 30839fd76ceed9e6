import { assertEquals } from "@std/assert";
import { isSame } from "./bytes.ts";

Deno.test("isSame() compares every byte and the lengths", () => {
  const tag = Uint8Array.fromHex("0011223344556677");
  assertEquals(isSame(tag, tag.slice()), true);
  for (let at = 0; at < tag.length; at++) {
    const other = tag.slice();
    other[at]! ^= 0x80;
    assertEquals(isSame(tag, other), false);
  }
  assertEquals(isSame(tag, tag.slice(0, 7)), false);
});
