/**
 * Generated words just as the sender shows them: the common case, recognized without the modules
 * that read pasted text (`read_secret.ts`), because a sender is waiting.
 *
 * @module
 */

import { isShortWord, PASSPHRASE_WORDS } from "../crypto/eff_short_words.ts";

/** Whether `text` is four words of the list in lower case, joined by hyphens, and nothing else. */
export function isPlainWords(text: string): boolean {
  const words = text.split("-");
  return words.length === PASSPHRASE_WORDS && words.every(isShortWord);
}
