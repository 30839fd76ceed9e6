/**
 * Generated passphrases: words that a person can read out and type.
 *
 * @module
 */

import type { FillRandom } from "../bytes.ts";
import { EFF_SHORT_WORDS } from "./eff_short_words.ts";

/** Four of 1295 words: 41 bits, against at most ten guesses for each share. */
export const PASSPHRASE_WORDS = 4;

/** A fresh passphrase such as `walnut-orbit-cactus-fable`. */
export function generatePassphrase(fillRandom: FillRandom): string {
  return Array.from({ length: PASSPHRASE_WORDS }, () => randomWord(fillRandom))
    .join("-");
}

function randomWord(fillRandom: FillRandom): string {
  const count = EFF_SHORT_WORDS.length;
  // Values beyond the last full multiple would make the first words more likely.
  const limit = 2 ** 16 - (2 ** 16 % count);
  for (;;) {
    const value = new DataView(fillRandom(new Uint8Array(2)).buffer).getUint16(
      0,
    );
    if (value < limit) return EFF_SHORT_WORDS[value % count]!;
  }
}
