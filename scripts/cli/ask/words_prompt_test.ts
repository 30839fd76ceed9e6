import { assertEquals } from "@std/assert";
import { KeyReader } from "./keys.ts";
import { textOf } from "./line.ts";
import { NO_WORDS, stepWords, type WordsState } from "./words_prompt.ts";

function typed(keys: string): WordsState {
  return new KeyReader().read(new TextEncoder().encode(keys))
    .reduce(stepWords, NO_WORDS);
}

function paste(text: string): string {
  return `\x1b[200~${text}\x1b[201~`;
}

for (
  const [keys, line, note] of [
    // Completed at the hyphen or the blank, if one word alone begins so.
    ["niec-", "niece-", ""],
    ["ze-", "ze-", '"ze" is not one of the words'],
    ["NIEC ", "niece ", ""],
    ["k7m2xq-niec-zip", "k7m2xq-niece-zip", ""],
    // Completed by Tab, as far as it is certain.
    ["niec\t", "niece-", ""],
    ["ni\t", "ni", "niece ninth"],
    ["zip\t", "zippy-", ""],
    ["niece-broke-zippy-iro\t", "niece-broke-zippy-iron", ""],
    ["qq\t", "qq", 'No word begins with "qq"'],
    ["\t", "", ""],
    // A mistake is shown at once, and what is near.
    [
      "neice-",
      "neice-",
      'niece? "neice" is not one of the words; Tab takes it',
    ],
    ["neice-\t", "niece-", ""],
    ["neice-x", "neice-x", ""],
    ["xxxxx ", "xxxxx ", '"xxxxx" is not one of the words'],
    // Enter says what is wrong.
    [
      "k7m2x-niece-broke-zippy-iron\r",
      "k7m2x-niece-broke-zippy-iron",
      '"k7m2x" is not a room code, which has six letters and digits',
    ],
    ["\r", "", "4 words, as the sender shows them; Ctrl+C stops"],
    [
      "niecebroke zippy iron\r",
      "niecebroke zippy iron",
      "niece-broke-zippy-iron? Tab takes it",
    ],
    [
      "niece broke zippy\r",
      "niece broke zippy",
      "The sender shows four words; there are 3 here",
    ],
    [
      "k7m2xq-niece-broke-zipppy-iron\r",
      "k7m2xq-niece-broke-zipppy-iron",
      'zippy? "zipppy" is not one of the words; Tab takes it',
    ],
    ["k7m2xq-niece-broke-zipppy-iron\r\t", "k7m2xq-niece-broke-zippy-iron", ""],
    [
      "our secret words\r",
      "our secret words",
      "Not a sender's words; press Enter again to use it as a passphrase",
    ],
    [paste("neice-broke "), "neice-broke ", ""],
  ] as const
) {
  Deno.test(`stepWords() makes ${JSON.stringify(line)} of ${JSON.stringify(keys)}`, () => {
    const state = typed(keys);
    assertEquals([textOf(state.line), state.note, state.answer], [
      line,
      note,
      null,
    ]);
  });
}

const DECORATED =
  "`/claude-spread:distill-receive k7m2xq-niece-broke-zippy-iron`.";

for (
  const [keys, answer] of [
    ["niece-broke-zippy-iron\r", "niece-broke-zippy-iron"],
    ["K7M2XQ niece broke zippy iron\r", "K7M2XQ niece broke zippy iron"],
    ["niec-brok-zipp-iro\r", "niece-broke-zippy-iron"],
    [`${paste(DECORATED)}\r`, DECORATED],
    // A passphrase of one's own, at the second Enter; not after a change.
    ["our secret words\r\r", "our secret words"],
    ["our secret words\r!\r", null],
    // Never a mistake.
    ["niece-broke-zipppy-iron\r\r\r", null],
    ["neice-broke-zippy-iron\r\t\r", "niece-broke-zippy-iron"],
    ["niece\x15niece-broke-zippy-irox\x7fn\r", "niece-broke-zippy-iron"],
  ] as const
) {
  Deno.test(`stepWords() answers ${JSON.stringify(answer)} to ${JSON.stringify(keys)}`, () => {
    assertEquals(typed(keys).answer, answer);
  });
}

Deno.test("stepWords() takes the code of a drop, typed or pasted, as it is", () => {
  const code = "drop-z4jre-mk42q-aa3nh-khg42-k9qpw-axa93";
  assertEquals(typed("drop-").note, "");
  assertEquals(typed(`${code}\r`).answer, code);
  assertEquals(typed(`${paste(code)}\r`).answer, code);
});
