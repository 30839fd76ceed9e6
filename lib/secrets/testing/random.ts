/**
 * Random choices that are the same in every run.
 *
 * @module
 */

/** Characters of the classes that forms of secrets name. */
const ALPHABETS: Record<string, string> = {
  digits: "0123456789",
  hex: "0123456789abcdef",
  HEX: "0123456789ABCDEF",
  letters: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
  base36: "0123456789abcdefghijklmnopqrstuvwxyz",
  AN: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  base32: "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
  bech32: "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
  base62: "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
  django: "abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)",
};
ALPHABETS.base64 = ALPHABETS.base62 + "+/";
ALPHABETS.base64url = ALPHABETS.base62 + "-_";

const WORDS =
  "maple river tundra copper falcon lantern meadow pepper saddle violet walnut zephyr harbor marble timber"
    .split(" ");

/** A sequence of random choices that its seed decides. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to `below - 1`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  /** One of the values of a list. */
  of<Value>(values: ArrayLike<Value>): Value {
    return values[this.below(values.length)]!;
  }

  /** Characters of a class, such as `base62`. */
  text(alphabet: string, length: number): string {
    const characters = ALPHABETS[alphabet]!;
    let text = "";
    while (text.length < length) text += this.of(characters);
    return text;
  }

  /** A word that anyone could write. */
  word(): string {
    return this.of(WORDS);
  }

  uuid(): string {
    return [8, 4, 4, 4, 12].map((length) => this.text("hex", length)).join("-");
  }
}
