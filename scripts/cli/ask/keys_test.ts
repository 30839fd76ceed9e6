import { assertEquals } from "@std/assert";
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
