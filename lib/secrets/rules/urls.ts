/**
 * Passwords in URLs, and in files that list them by host.
 *
 * @module
 */

import { isWeak } from "./likeness.ts";
import { isExample } from "./example_values.ts";
import type { Rule } from "./rule.ts";

/** Rules for the password alone: user and host stay, because they are not secret. */
export const URL_RULES: readonly Rule[] = [
  {
    id: "url-password",
    kind: "password in a URL",
    triggers: ["://"],
    pattern:
      /:\/\/(?<user>[^\s:/?#@"'<>\\`]{0,100}):(?<secret>[^\s/@"'<>\\`]{3,200})@[A-Za-z0-9[]/dy,
    isGeneric: true,
    accepts: (secret, { groups }) => isChosen(secret, groups!.user!),
  },
  {
    id: "github-basic",
    kind: "GitHub token",
    triggers: [":x-oauth-basic@"],
    pattern: /(?<=:\/\/(?<front>[\w-]{16,255})):x-oauth-basic@/dy,
    accepts: () => true,
  },
  {
    id: "netrc",
    kind: "password",
    triggers: ["login "],
    pattern:
      /login[ \t]{1,9}(?<user>\S{1,100})\s{1,20}password[ \t]{1,9}(?<secret>[^\s"'\\]{4,200})/dy,
    accepts: (secret, { groups }) => isChosen(secret, groups!.user!),
  },
  {
    id: "pgpass",
    kind: "password",
    triggers: [":5432:"],
    pattern:
      /:5432:[^\s:"'\\]{1,64}:(?<user>[^\s:"'\\]{1,64}):(?<secret>[^\s"'\\]{4,200})/dy,
    accepts: (secret, { groups }) => isChosen(secret, groups!.user!),
  },
];

/** Length of the shortest password that counts, in UTF-16 units. */
const MIN_PASSWORD_LENGTH = 6;

/** Whether somebody has chosen a password, rather than taken that of a tutorial. */
function isChosen(password: string, user: string): boolean {
  return password !== user && !isWeak(password) && !isExample(password) &&
    password.length >= MIN_PASSWORD_LENGTH;
}
