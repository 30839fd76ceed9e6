import { assertEquals } from "@std/assert";
import type { Bytes } from "../bytes.ts";
import { EFF_SHORT_WORDS } from "./eff_short_words.ts";
import { generatePassphrase } from "./passphrase.ts";

function queue(...values: number[]): (bytes: Bytes) => Bytes {
  return (bytes) => {
    new DataView(bytes.buffer).setUint16(0, values.shift()!);
    return bytes;
  };
}

Deno.test("EFF_SHORT_WORDS holds 1295 different words of letters", () => {
  assertEquals(new Set(EFF_SHORT_WORDS).size, 1295);
  assertEquals(
    EFF_SHORT_WORDS.filter((word) => !/^[a-z]{3,5}$/.test(word)),
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
