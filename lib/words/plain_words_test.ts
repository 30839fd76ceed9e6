import { assertEquals } from "@std/assert";
import { isPlainWords } from "../crypto/eff_short_words.ts";
import { readSecret } from "./read_secret.ts";

for (
  const [text, expected] of [
    ["niece-broke-zippy-iron", true],
    ["Niece-broke-zippy-iron", false],
    ["niece broke zippy iron", false],
    ["niece-broke-zippy", false],
    ["niece-broke-zippy-iron-iron", false],
    ["niece-broke-zipppy-iron", false],
    ["k7m2xq-niece-broke-zippy-iron", false],
    [" niece-broke-zippy-iron", false],
    ["niece-broke-zippy-", false],
    ["acid acorn-broke-zippy-iron", false],
    ["", false],
  ] as const
) {
  Deno.test(`isPlainWords() is ${expected} for "${text}"`, () => {
    assertEquals(isPlainWords(text), expected);
    // Both sides read a secret alike, by whichever way.
    const secret = readSecret(text);
    if (expected) {
      assertEquals(secret.kind === "words" && secret.words, text);
    }
  });
}
