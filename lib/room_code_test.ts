import { assertEquals } from "@std/assert";
import { formatInvite, isAddress, isRoomCode } from "./room_code.ts";

const WORDS = "niece-broke-zippy-iron";

for (
  const [text, expected] of [
    ["k7m2xq", true],
    ["abcdef", true],
    ["K7M2XQ", false],
    ["k7m2x", false],
    ["k7m2xqq", false],
    ["9vxmod", true],
    ["k7m2x0", true],
    ["01il0o", true],
    ["k7m2x_", false],
    ["k7m2xé", false],
    ["", false],
  ] as const
) {
  Deno.test(`isRoomCode() is ${expected} for "${text}"`, () => {
    assertEquals(isRoomCode(text), expected);
  });
}

Deno.test("formatInvite() makes one of a code with a digit", () => {
  assertEquals(formatInvite("k7m2xq", WORDS), `k7m2xq-${WORDS}`);
});

Deno.test("formatInvite() makes none of a code without a digit, which could not be read back", () => {
  assertEquals(formatInvite("vxmodx", WORDS), null);
});

for (
  const [text, expected] of [
    ["192.168.1.5:41234", true],
    ["[fe80::1%eth0]:41234", true],
    ["walnut.lan:4100", true],
    ["127.0.0.1:9", true],
    ["[::1]:9", true],
    ["walnut.lan:9", false],
    ["3:16", false],
    ["192.168.1.5", false],
    ["walnut:", false],
  ] as const
) {
  Deno.test(`isAddress() is ${expected} for "${text}"`, () => {
    assertEquals(isAddress(text), expected);
  });
}
