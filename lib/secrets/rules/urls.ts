/**
 * Passwords in URLs.
 *
 * @module
 */

import { isPlaceholder } from "../placeholder_text.ts";
import type { Rule } from "./rule.ts";

/** The password between a user and a host. */
export const URL_RULES: readonly Rule[] = [{
  id: "url-password",
  kind: "password in a URL",
  triggers: ["://"],
  pattern: new RegExp(
    String
      .raw`://(?<user>[^\s:/?#@"'<>]{0,100}):(?<secret>[^\s/?#@"'<>]{4,200})@[A-Za-z0-9[]`,
    "dy",
  ),
  accepts: (secret, { groups }) =>
    secret !== groups!.user && !isPlaceholder(secret),
}];
