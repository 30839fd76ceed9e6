/**
 * Judgment of values: whether a machine has made them at random, or a person as a password.
 *
 * @module
 */

import { isSequence } from "./example_values.ts";

/** Values with a length that a random value can have. */
const PRINTABLE = /^[ -~]{16,4096}$/;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const DIGIT_BESIDE_LETTER = /[A-Za-z](?=\d)|\d(?=[A-Za-z])/g;

const TIME = /^[\d:.+TZ -]+$/;

/** Words of a name, in any way to write it, and numbers. */
const PARTS = /[A-Z]?[a-z]{1,99}|[A-Z]{1,99}(?![a-z])|[A-Z]|\d{1,99}/g;

/** Whether a value of at least 16 characters is random, as generators make keys and tokens. */
export function isRandom(value: string): boolean {
  if (!PRINTABLE.test(value) || !/[A-Za-z]/.test(value)) return false;
  if (/\\(?:x|u00)[0-9a-f]{2}/i.test(value)) return false;
  if (isSequence(value) || TIME.test(value)) return false;
  if (UUID.test(value)) return true;
  const changes = count(value, DIGIT_BESIDE_LETTER);
  if (changes >= value.length / 6) return true;
  if (changes === 0 && !/[a-z][A-Z]{1,9}[a-z]{0,9}[A-Z]/.test(value)) {
    return false;
  }
  // Names consist of fewer and longer words than chance makes.
  const characters = count(value, /[A-Za-z0-9]/g);
  return count(value, PARTS) >= characters * 0.36;
}

function count(value: string, pattern: RegExp): number {
  return value.match(pattern)?.length ?? 0;
}

/** Words of passwords in examples and first attempts. */
const WEAK =
  /pass(?:wor[dt]|wd|phrase)?|secret|test|demo|foo|bar|abc|qwert[yz]?|admin|root|user|guest|default|hello|letmein|welcome|string|token|value|null|none|true|false|undefined|localhost|postgres(?:ql)?|mysql|mariadb|redis|mongo(?:db)?|docker|rabbit(?:mq)?|wordpress|nextcloud|keycloak|grafana|jenkins|minio|enter|input|required|field|hash|encod|crypt|anon(?:ymous)?|some|your|my|the|key|pwd/gi;

/** Whether a password protects nothing, because everyone would try it. */
export function isWeak(value: string): boolean {
  return hasWeakWord(value) &&
    value.replace(WEAK, "").replace(/[^A-Za-z]/g, "").length < 4;
}

function hasWeakWord(value: string): boolean {
  return value.search(WEAK) !== -1;
}

/** Names of things in programs: `user.name2`, `a::b`, `x->y`, a path, a call. */
const CODE =
  /^[A-Za-z_$][\w$]*(?:(?:\.|::|->|\?\.)[A-Za-z_$][\w$]*)+$|[(){}[\]\\]|=>|->|::|^[./~\\]|^[A-Za-z]:\\|^(?:https?|file|data|s3|gs):|^0x[0-9A-Fa-f]{1,8}$|^\w+\/\w+|^[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}$/;

const FOUR_WORDS = /^[a-z]{3,12}(?:[-._][a-z]{3,12}){3,7}$/;

/** Names of algorithms and types, and names with a number at their end. */
const NAME =
  /(?:sha|md|aes|utf|base|int|float|rsa|hmac|ed|blake|crc)_?\d{1,4}(?!\d)|(?:^|_)[xv]\d|^[a-z]{1,63}\d$|^_|_\w{0,60}_/i;

/**
 * Whether a value is a password as people make it up: letters with digits or signs, or four words.
 *
 * @param isQuoted Whether it stands in quotes, so that it is not a name in a program; then 6
 *   characters are enough, otherwise 8. None has more than 64.
 */
export function isPassword(value: string, isQuoted: boolean): boolean {
  if (value.length < (isQuoted ? 6 : 8) || value.length > 64) return false;
  if (/\s/.test(value)) return false;
  if (CODE.test(value) || isWeak(value)) return false;
  if (!/[A-Za-z]/.test(value)) return false;
  const isName = /^[A-Za-z_$][\w$]*$/.test(value);
  if (isName && !isQuoted && (NAME.test(value) || hasWeakWord(value))) {
    return false;
  }
  return /\d/.test(value) || isQuoted && FOUR_WORDS.test(value) ||
    isQuoted && /[!@#$%^&*?]/.test(value);
}
