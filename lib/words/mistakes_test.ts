import { assertEquals } from "@std/assert";
import {
  corrections,
  mistakeError,
  nearestWords,
  wrongWords,
} from "./mistakes.ts";
import { type MistakenWords, readSecret } from "./read_secret.ts";

function mistakeIn(text: string): MistakenWords {
  const secret = readSecret(text);
  if (secret.kind !== "mistake") throw new Error(`"${text}" is no mistake`);
  return secret;
}

const OWN =
  " If this is a passphrase of your own, give it with --passphrase or --passphrase-file";

for (
  const [text, message, hint] of [
    [
      "niece-broke-zipppy-iron",
      '"zipppy" is not one of the words that Claude Spread uses',
      `Did you mean "niece-broke-zippy-iron"?${OWN}`,
    ],
    [
      "k7m2xq Neice broke zippy iron",
      '"neice" is not one of the words that Claude Spread uses',
      'Did you mean "k7m2xq-niece-broke-zippy-iron"?',
    ],
    [
      "k7m2xq-neice-broke-zipppy-iron",
      '"neice" and "zipppy" are not words that Claude Spread uses',
      'Did you mean "k7m2xq-niece-broke-zippy-iron"?',
    ],
    [
      "niece-broke-xxxxxxxx-iron",
      '"xxxxxxxx" is not one of the words that Claude Spread uses',
      `Compare the words with those that the sender shows.${OWN}`,
    ],
    [
      "k7m2xq-a-b-c-d",
      '"a", "b", "c" and "d" are not words that Claude Spread uses',
      "Compare the words with those that the sender shows",
    ],
    [
      "niece-broke-zippy",
      "The sender shows four words; there are 3 here",
      `Compare the words with those that the sender shows.${OWN}`,
    ],
    [
      "niecebroke zippy iron",
      "The sender shows four words; there are 3 here",
      `Did you mean "niece-broke-zippy-iron"?${OWN}`,
    ],
    [
      "k7m2xq-niece-broke-zip-py-iron",
      "An invite has four words after the room code; there are 5 here",
      'Did you mean "k7m2xq-niece-broke-zippy-iron"?',
    ],
    [
      "niece broke zippy zippy iron",
      "The sender shows four words; there are 5 here",
      `Did you mean "niece-broke-zippy-iron"?${OWN}`,
    ],
    [
      "k7m2x-niece-broke-zippy-iron",
      '"k7m2x" is not a room code, which has six letters and digits',
      `Compare the words with those that the sender shows.${OWN}`,
    ],
  ] as const
) {
  Deno.test(`mistakeError() says what is wrong with "${text}"`, () => {
    const { code, ...error } = mistakeError(mistakeIn(text));
    assertEquals([code, error.hint], ["USAGE", hint]);
    assertEquals(mistakeError(mistakeIn(text)).message, message);
  });
}

Deno.test("wrongWords() says which word it is, and what is near", () => {
  assertEquals(wrongWords(mistakeIn("niece broke zippy irno")), [
    { position: 3, word: "irno", nearest: ["iron"] },
  ]);
});

Deno.test("corrections() are at most three, those with the first letter as typed first", () => {
  const all = corrections(mistakeIn("niece-broke-zippy-bott"));
  assertEquals(all.length, 3);
  assertEquals(
    all.every((text) => text.startsWith("niece-broke-zippy-bo")),
    true,
    all.join(),
  );
});

for (
  const [word, expected] of [
    ["zipppy", ["zippy"]],
    ["irno", ["iron"]],
    ["nieec", ["niece"]],
    ["zz", []],
    ["qqqqq", []],
    ["", []],
  ] as const
) {
  Deno.test(`nearestWords() to "${word}" are [${expected}]`, () => {
    assertEquals(nearestWords(word), [...expected]);
  });
}
