import { assertEquals } from "@std/assert";
import type { Bytes } from "../bytes.ts";
import { isShortWord, shortWords } from "./eff_short_words.ts";
import { generatePassphrase, nameInWords } from "./passphrase.ts";

function queue(...values: number[]): (bytes: Bytes) => Bytes {
  return (bytes) => {
    new DataView(bytes.buffer).setUint16(0, values.shift()!);
    return bytes;
  };
}

Deno.test("shortWords() are 1295 different words of letters", () => {
  assertEquals(new Set(shortWords()).size, 1295);
  assertEquals(
    shortWords().filter((word) => !/^[a-z]{3,5}$/.test(word)),
    [],
  );
});

Deno.test("generatePassphrase() joins four words, from the first to the last of the list", () => {
  assertEquals(
    generatePassphrase(queue(0, 1294, 1295, 64749)),
    "acid-zoom-acid-zoom",
  );
});

Deno.test("generatePassphrase() draws again where a word would become likelier", () => {
  assertEquals(
    generatePassphrase(queue(64750, 65535, 0, 0, 0, 0)),
    "acid-acid-acid-acid",
  );
});

Deno.test("generatePassphrase() leaves out taken names, as first word alone", () => {
  const taken = new Set(shortWords().filter((word) => word !== "zoom"));
  const words = generatePassphrase(queue(0, 0, 1294, 1), taken);
  assertEquals(words, "zoom-acid-zoom-acorn");
  assertEquals(nameInWords(words), "zoom");
});

Deno.test("generatePassphrase() draws from all words, when every name is taken", () => {
  const words = generatePassphrase(queue(1294, 0, 0, 0), new Set(shortWords()));
  assertEquals(words, "zoom-acid-acid-acid");
});

Deno.test("isShortWord() knows every word, and nothing else", () => {
  assertEquals(shortWords().filter((word) => !isShortWord(word)), []);
  for (const other of ["", " ", "zip py", "acid acorn", "cid", "zoo", "Acid"]) {
    assertEquals(isShortWord(other), false, other);
  }
});
