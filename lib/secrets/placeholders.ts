/**
 * Placeholders: the texts that stand for the secrets of one share.
 *
 * @module
 */

import { PEM_BEGIN, PEM_LINE_END } from "./rules/private_keys.ts";

const PLACEHOLDER = /\[secret: ([^\]#]{1,60}) #(\d{1,6})\]/g;

/** Most kinds whose numbers are reserved, so that a hostile text cannot fill memory. */
const MAX_KINDS = 1000;

/** The placeholders of one share: numbers count the secrets of each kind. */
export class Placeholders {
  readonly #texts = new Map<string, string>();
  readonly #last = new Map<string, number>();

  /** Returns the placeholder for a secret: `[secret: GitHub token #1]`. */
  of(kind: string, value: string): string {
    const identity = identityOf(value);
    let text = this.#texts.get(identity);
    if (text === undefined) {
      const number = (this.#last.get(kind) ?? 0) + 1;
      this.#last.set(kind, number);
      text = `[secret: ${kind} #${number}]`;
      this.#texts.set(identity, text);
    }
    return text;
  }

  /** Keeps the numbers of placeholders that a text has already from being given again. */
  reserve(text: string): void {
    if (!text.includes("[secret: ")) return;
    for (const [, kind, number] of text.matchAll(PLACEHOLDER)) {
      if (this.#last.size >= MAX_KINDS && !this.#last.has(kind!)) continue;
      const last = this.#last.get(kind!) ?? 0;
      this.#last.set(kind!, Math.max(last, Number(number)));
    }
  }
}

/** The same for the same private key, however its lines are written. */
function identityOf(value: string): string {
  if (!value.startsWith(PEM_BEGIN)) return value;
  // A sign at the beginning of a line may be a mark, or a part of the key.
  return value.replace(PEM_LINE_END, "").replace(/[^A-Za-z0-9]/g, "");
}
