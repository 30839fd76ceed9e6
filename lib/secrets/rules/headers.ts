/**
 * Credentials in headers of HTTP, and in files that hold such headers.
 *
 * @module
 */

import { isRandom, isWeak } from "./likeness.ts";
import { isExample } from "./example_values.ts";
import { isReal, type Rule } from "./rule.ts";

const QUOTE = String.raw`(?:\\{0,3}["'])?`;

export const HEADER_RULES: readonly Rule[] = [
  {
    id: "bearer-token",
    kind: "bearer token",
    triggers: ["bearer"],
    isAnyCase: true,
    pattern: /bearer[ \t]{1,3}(?<secret>[A-Za-z0-9._~+/=|:-]{16,4096})/dyi,
    isGeneric: true,
    accepts: isMade,
  },
  {
    id: "authorization",
    kind: "credentials",
    triggers: ["authorization"],
    isAnyCase: true,
    pattern: new RegExp(
      String
        .raw`authorization${QUOTE}[ \t]{0,3}[:=,][ \t]{0,3}${QUOTE}(?:[A-Za-z][A-Za-z-]{1,19}[ \t]{1,3})?(?<secret>[A-Za-z0-9._~+/|-]{16,4096}={0,2})`,
      "dyi",
    ),
    isGeneric: true,
    accepts: isMade,
  },
  {
    id: "basic-credentials",
    kind: "credentials",
    triggers: ["basic "],
    isAnyCase: true,
    pattern: /basic[ \t]{1,3}(?<secret>[A-Za-z0-9+/]{8,400}={0,2})/dyi,
    accepts: isPair,
  },
  {
    id: "basic-credentials",
    kind: "credentials",
    triggers: ['auth"', "auth'", "auth\\", "auth:", "auth=", "auth "],
    isAnyCase: true,
    pattern: new RegExp(
      String
        .raw`auth${QUOTE}[ \t]{0,3}[:=][ \t]{0,3}${QUOTE}(?<secret>[A-Za-z0-9+/]{8,400}={0,2})`,
      "dyi",
    ),
    accepts: isPair,
  },
  {
    id: "cookie",
    kind: "cookie",
    triggers: ["cookie:"],
    isAnyCase: true,
    pattern:
      /cookie:[ \t]{0,3}(?<secret>[\w.-]{1,100}=[^\s"'\\;]{0,4000}(?:; ?[\w.-]{1,100}=[^\s"'\\;]{0,4000}){0,50})/dyi,
    isGeneric: true,
    accepts: (secret) =>
      secret.split(/[=;.:]|%3A/).some((part) => isMade(part)),
  },
];

function isMade(secret: string): boolean {
  return isRandom(secret) && !isExample(secret);
}

/** Whether a value is `user:password` in base64. */
function isPair(secret: string): boolean {
  try {
    const pair = atob(secret);
    const [, password] = /^[!-9;-~]{0,100}:([!-~]{4,300})$/.exec(pair) ?? [];
    return password !== undefined && isReal(password) && !isWeak(password);
  } catch {
    return false;
  }
}
