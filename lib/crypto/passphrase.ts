/**
 * Generated passphrases: words that a person can read out and type.
 *
 * @module
 */

import type { FillRandom } from "../bytes.ts";
import { PASSPHRASE_WORDS, shortWords } from "./eff_short_words.ts";

/**
 * A fresh passphrase such as `niece-broke-zippy-iron`.
 *
 * @param taken First words that are not drawn: names of other shares on the local network. When
 * somebody announces all of them, none is left out.
 */
export function generatePassphrase(
  fillRandom: FillRandom,
  taken: ReadonlySet<string> = new Set(),
): string {
  const words = shortWords();
  const others = words.filter((word) => !taken.has(word));
  const free = others.length > 0 ? others : words;
  return Array.from(
    { length: PASSPHRASE_WORDS },
    (_, place) => randomOf(place === 0 ? free : words, fillRandom),
  ).join("-");
}

/** The first of generated words: on the local network, the public name of their share. */
export function nameInWords(words: string): string {
  return words.split("-", 1)[0]!;
}

function randomOf(words: string[], fillRandom: FillRandom): string {
  const count = words.length;
  // Values beyond the last full multiple would make the first words more likely.
  const limit = 2 ** 16 - (2 ** 16 % count);
  for (;;) {
    const value = new DataView(fillRandom(new Uint8Array(2)).buffer).getUint16(
      0,
    );
    if (value < limit) return words[value % count]!;
  }
}
