import { assertEquals } from "@std/assert";
import { type HiddenState, stepHidden } from "./ask_passphrase.ts";
import { KeyReader } from "./keys.ts";
import { EMPTY } from "./line.ts";

function typed(keys: string): HiddenState {
  const start: HiddenState = { line: EMPTY, note: "", answer: null };
  return new KeyReader().read(new TextEncoder().encode(keys))
    .reduce(stepHidden, start);
}

for (
  const [keys, answer, note] of [
    ["pässe\x7f wörd \r", "päss wörd ", ""],
    ["\r", null, "Type the passphrase; Ctrl+C stops"],
    ["\ra", null, ""],
    ["\x1b[200~ two\rlines\r\x1b[201~\r", " two\nlines", ""],
    ["a\tb\r", "ab", ""],
  ] as const
) {
  Deno.test(`stepHidden() answers ${JSON.stringify(answer)} to ${JSON.stringify(keys)}`, () => {
    const state = typed(keys);
    assertEquals([state.answer, state.note], [answer, note]);
  });
}
