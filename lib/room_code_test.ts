import { assertEquals } from "@std/assert";
import { formatInvite, isRoomCode, splitInvite } from "./room_code.ts";

const WORDS = "walnut-orbit-cactus-fable";

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

Deno.test("splitInvite() takes apart what formatInvite() made", () => {
  assertEquals(splitInvite(formatInvite("k7m2xq", WORDS)!), {
    roomCode: "k7m2xq",
    passphrase: WORDS,
  });
});

Deno.test("splitInvite() takes codes that only other relays make", () => {
  assertEquals(splitInvite(`9vxmod-${WORDS}`), {
    roomCode: "9vxmod",
    passphrase: WORDS,
  });
});

Deno.test("formatInvite() makes none of a code without a digit, which could not be read back", () => {
  assertEquals(formatInvite("vxmodx", WORDS), null);
  assertEquals(splitInvite(`vxmodx-${WORDS}`), null);
});

Deno.test("splitInvite() forgives capitals and blanks around", () => {
  assertEquals(splitInvite(" K7M2XQ-Walnut-orbit-cactus-fable\n"), {
    roomCode: "k7m2xq",
    passphrase: WORDS,
  });
});

Deno.test("splitInvite() takes dashes and blanks for hyphens", () => {
  const expected = { roomCode: "k7m2xq", passphrase: WORDS };
  for (const between of ["–", "—", " ", " - ", "‐"]) {
    const text = ["k7m2xq", ...WORDS.split("-")].join(between);
    assertEquals(splitInvite(text), expected, text);
  }
});

for (
  const text of [
    WORDS,
    `walnut-${WORDS}`,
    "planet-orbit-cactus-fable-moon",
    "k7m2xq",
    "k7m2xq-walnut",
    "k7m2xq-walnut-orbit-cactus",
    "k7m2xq-walnut-orbit-cactus-",
    "k7m2xq-walnut-orbit-cactus-f4ble",
    "my k7m2xq-walnut-orbit-cactus-fable",
    "",
  ]
) {
  Deno.test(`splitInvite() leaves "${text}" a passphrase`, () => {
    assertEquals(splitInvite(text), null);
  });
}
