import { assertEquals } from "@std/assert";
import { utf8 } from "../bytes.ts";
import { decodeText } from "./decode_text.ts";

Deno.test("decodeText() keeps a text with a NUL whole, and takes the texts out of other data", () => {
  const controls = "\x01\x02\x03\x04\x05";
  const cases: [
    bytes: Uint8Array<ArrayBuffer>,
    text: string,
    binary: boolean,
  ][] = [
    [utf8("Grüße\x01"), "Grüße\x01", false],
    [utf8(`a\0b${"c".repeat(99)}`), `a\0b${"c".repeat(99)}`, true],
    [
      utf8(`\0${controls}short${controls}long enough\x01\n\xff\ntoken-123`),
      "long enough \n\ntoken-123",
      true,
    ],
    [utf8("t\0o\0k\0e\0n\0-\x001\0"), "token-1", true],
    [new Uint8Array([0xff, 0xfe, 0x61, 0, 0, 0x01]), "aĀ", false],
  ];
  for (const [bytes, text, isBinary] of cases) {
    assertEquals(decodeText(bytes), { text, isBinary });
  }
});
