/**
 * The code of a drop: 128 bits to be pasted, with a checksum, so that a mistyped one is recognized
 * before anything is asked. See docs/protocol.md, section 15.3.
 *
 * @module
 */

import { type Bytes, concatBytes, type FillRandom, utf8 } from "../bytes.ts";
import { usage } from "../errors.ts";

/** First word of a code. */
export const CODE_PREFIX = "drop";

/** Length of the secret of a code, in bytes. */
const SECRET_BYTES = 16;

/** Characters of a code after its prefix: five bits each, 128 of the secret and 22 that check it. */
const CODE_LENGTH = 30;

const CHECK_BITS = 22;

/** Characters of a group; groups are joined by hyphens. */
const GROUP = 5;

/** Base32 of Crockford: without `i`, `l`, `o` and `u`. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** Letters that people type for digits. */
const MISTAKEN: Record<string, string> = { o: "0", i: "1", l: "1" };

/**
 * Makes a secret and its code. A code always has a digit, by which it is told from words.
 *
 * @returns `secret`: 16 random bytes. `code`: for the receiver, and secret too.
 */
export async function makeCode(
  fillRandom: FillRandom,
): Promise<{ secret: Bytes; code: string }> {
  for (;;) {
    const secret = fillRandom(new Uint8Array(SECRET_BYTES));
    const code = await formatCode(secret);
    if (hasDigit(code)) return { secret, code };
  }
}

/** The code of a secret. @param secret 16 bytes. */
export async function formatCode(secret: Bytes): Promise<string> {
  const bits = (numberOf(secret) << BigInt(CHECK_BITS)) |
    BigInt(await checksum(secret));
  const groups: string[] = [CODE_PREFIX];
  const characters = Array.from(
    { length: CODE_LENGTH },
    (_, at) =>
      ALPHABET[Number(bits >> BigInt(5 * (CODE_LENGTH - 1 - at)) & 31n)],
  ).join("");
  for (let at = 0; at < CODE_LENGTH; at += GROUP) {
    groups.push(characters.slice(at, at + GROUP));
  }
  return groups.join("-");
}

/**
 * The characters of a code among typed words: those after its prefix, or, where the prefix is
 * missing or mistyped, six groups of five.
 *
 * It does not check them; {@linkcode readCode} does.
 *
 * @param words Runs of letters and digits, in lower case.
 * @returns `null` when the words do not look like a code, not even like a mistyped one.
 */
export function codeIn(words: string[]): string | null {
  const all = words.join("");
  const hasPrefix = all.startsWith(CODE_PREFIX);
  const groups = words.slice(-CODE_LENGTH / GROUP);
  const characters = hasPrefix
    ? all.slice(CODE_PREFIX.length)
    : groups.join("");
  if (!/^[0-9a-z]+$/.test(characters) || !hasDigit(characters)) return null;
  const difference = Math.abs(characters.length - CODE_LENGTH);
  const isLikely = hasPrefix
    ? difference <= GROUP || isBeginning(words)
    : difference === 0 && words.length <= groups.length + 1 &&
      groups.every((group) => group.length === GROUP);
  return isLikely ? characters : null;
}

/**
 * Whether words are the first groups of a code, as when a terminal breaks its line: one whole group,
 * or several, the last of which may be cut off. If most groups hold a digit, as in codes but not in
 * words, each group may have a character too few or too many.
 */
function isBeginning([prefix, ...groups]: string[]): boolean {
  if (prefix !== CODE_PREFIX || groups.length > CODE_LENGTH / GROUP) {
    return false;
  }
  const isWhole = groups.length === 1;
  const spare = 2 * groups.filter(hasDigit).length > groups.length ? 1 : 0;
  return groups.every(({ length }, at) =>
    isWhole ? length === GROUP : length <= GROUP + spare &&
      (at === groups.length - 1 || length >= GROUP - spare)
  );
}

function hasDigit(text: string): boolean {
  return /\d/.test(text);
}

/**
 * The secret of a code.
 *
 * @param characters The characters after the prefix, without separators; capital letters and
 *   letters that look like digits are taken too.
 * @returns 16 bytes.
 * @throws {SpreadError} `USAGE` for a code that is mistyped or cut off; the message repeats one character of it at most.
 */
export async function readCode(characters: string): Promise<Bytes> {
  if (characters.length !== CODE_LENGTH) {
    throw mistyped(
      `It has ${characters.length} characters after "${CODE_PREFIX}", and a complete code has ${CODE_LENGTH}`,
      characters.length < CODE_LENGTH ? "incomplete" : undefined,
    );
  }
  let bits = 0n;
  for (const character of characters.toLowerCase()) {
    const value = ALPHABET.indexOf(MISTAKEN[character] ?? character);
    if (value < 0) {
      throw mistyped(`A code never has the character "${character}"`);
    }
    bits = bits << 5n | BigInt(value);
  }
  const secret = bytesOf(bits >> BigInt(CHECK_BITS));
  const isRight = Number(bits & ((1n << BigInt(CHECK_BITS)) - 1n)) ===
    await checksum(secret);
  if (isRight) return secret;
  throw mistyped("At least one of its characters is wrong");
}

function mistyped(why: string, fault = "mistyped") {
  return usage(
    `The code of the drop is ${fault}`,
    `${why}. Copy it once more, from "${CODE_PREFIX}-" to its end`,
  );
}

/** The first {@linkcode CHECK_BITS} bits of a hash. */
async function checksum(secret: Bytes): Promise<number> {
  const hashed = concatBytes(utf8("claude-spread/2 drop code"), secret);
  const digest = await crypto.subtle.digest("SHA-256", hashed);
  return new DataView(digest).getUint32(0) >>> (32 - CHECK_BITS);
}

function numberOf(bytes: Bytes): bigint {
  return BigInt(`0x${bytes.toHex()}`);
}

function bytesOf(number: bigint): Bytes {
  const hex = number.toString(16).padStart(2 * SECRET_BYTES, "0");
  return Uint8Array.fromHex(hex) as Bytes;
}
