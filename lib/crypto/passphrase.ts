/**
 * Generated passphrases: words that a person can read out and type.
 *
 * @module
 */

import type { FillRandom } from "../bytes.ts";
import { PASSPHRASE_WORDS, shortWords } from "./eff_short_words.ts";

/** A fresh passphrase such as `niece-broke-zippy-iron`. */
export function generatePassphrase(fillRandom: FillRandom): string {
  const words = shortWords();
  return Array.from(
    { length: PASSPHRASE_WORDS },
    () => randomOf(words, fillRandom),
  ).join("-");
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
