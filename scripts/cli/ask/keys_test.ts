import { assert, assertEquals } from "@std/assert";
import { MAX_PASSPHRASE_BYTES } from "../passphrase.ts";
import { type Key, KeyReader } from "./keys.ts";

/** Keys in short: text as it is, pastes in brackets, controls by name. */
function names(keys: Key[]): string[] {
  return keys.map((key) =>
    key.kind === "control"
      ? `<${key.name}>`
      : key.kind === "paste"
      ? `[${key.text}]`
      : key.text
  );
}

const CASES: [sent: string, keys: string[]][] = [
  ["ab", ["a", "b"]],
  ["é漢🎉", ["é", "漢", "🎉"]],
  ["\r\n\t", ["<enter>", "<enter>", "<tab>"]],
  ["\x7f\b", ["<backspace>", "<backspace>"]],
  ["\x03\x04\x15\x17\x0b", [
    "<stop>",
    "<end of input>",
    "<clear>",
    "<clear word>",
    "<clear rest>",
  ]],
  ["\x1b[D\x1bOC\x1b[H\x1b[4~\x1b[3~", [
    "<left>",
    "<right>",
    "<home>",
    "<end>",
    "<delete>",
  ]],
  // Keys without a meaning here: up, F5, Ctrl with an arrow, Alt and a letter, Ctrl+Z.
  ["\x1b[A\x1b[15~\x1b[1;5C\x1bx\x1a.", ["."]],
  ["\x1b[200~k7m2xq\rniece\r\x1b[201~\r", ["[k7m2xq\nniece]", "<enter>"]],
  ["\x1b[200~\x03\x1b[D\x1b[201~", ["[\x03\x1b[D]"]],
  // Late answers of a terminal, a report of the mouse, keys with modifiers.
  ["\x1b[>41;360;0ca", ["a"]],
  ["\x1b[?2026;2$ya", ["a"]],
  ["\x1b[<0;5;5Ma", ["a"]],
  ["\x1b[99:67;5ua", ["a"]],
  ["\x1b[1 2qa", ["a"]],
  ["\x1bO2Pa", ["a"]],
  ["\x1b🎉a", ["a"]],
  // What has no end.
  ["\x1b\x03", ["<stop>"]],
  ["\x1b\x1b[D", ["<left>"]],
  ["\x1b[\x03", ["<stop>"]],
  ["\x1b[1;\x03", ["<stop>"]],
  ["\x1b[1;é", ["é"]],
  ["\x1bO\x03", ["<stop>"]],
  ["\x1b[200~words\x03\x03", ["<stop>"]],
];

for (const [sent, expected] of CASES) {
  Deno.test(`KeyReader.read() takes ${JSON.stringify(sent)}, also byte by byte`, () => {
    const bytes = new TextEncoder().encode(sent);
    assertEquals(names(new KeyReader().read(bytes)), expected);
    const reader = new KeyReader();
    const keys = [...bytes].flatMap((byte) => reader.read(Uint8Array.of(byte)));
    assertEquals(names(keys), expected);
  });
}

Deno.test("KeyReader.read() goes on after a sequence of any length", () => {
  const reader = new KeyReader();
  const send = (text: string) =>
    names(reader.read(new TextEncoder().encode(text)));
  assertEquals(send("\x1b["), []);
  for (let i = 0; i < 100; i++) assertEquals(send("1;".repeat(2048)), []);
  assertEquals(send("ma"), ["a"]);
});

Deno.test("KeyReader.read() keeps more of a long paste than a passphrase can have, and no end of it", () => {
  const reader = new KeyReader();
  const send = (text: string) => reader.read(new TextEncoder().encode(text));
  assertEquals(send("\x1b[200~"), []);
  for (let i = 0; i < 100; i++) assertEquals(send("x".repeat(4096)), []);
  assertEquals(send("\x1b[20"), []);
  const [paste, key, ...more] = send("1~a");
  assertEquals(more, []);
  assertEquals(key, { kind: "text", text: "a" });
  const length = paste?.kind === "paste" ? paste.text.length : 0;
  assert(length > MAX_PASSPHRASE_BYTES && length < 100_000, String(length));
});
