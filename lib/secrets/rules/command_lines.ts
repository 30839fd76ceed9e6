/**
 * Passwords on command lines that no name introduces.
 *
 * @module
 */

import { isPassword, isRandom } from "./likeness.ts";
import { isExample } from "./example_values.ts";
import type { Rule } from "./rule.ts";

const VALUE = String
  .raw`(?<quote>(?:\\{0,3}["'])?)(?<secret>[^\s"'\\]{6,200})\k<quote>`;

function rule(id: string, triggers: string[], before: string): Rule {
  return {
    id,
    kind: "password",
    triggers,
    pattern: new RegExp(before + VALUE, "dy"),
    isGeneric: true,
    accepts: (secret) =>
      !isExample(secret) && (isPassword(secret, true) || isRandom(secret)),
  };
}

export const COMMAND_LINE_RULES: readonly Rule[] = [
  rule(
    "command-user",
    [" -u ", " --user ", " --user="],
    String.raw` (?:-u |--user[ =])["']?[\w.@-]{1,100}:`,
  ),
  rule(
    "command-password",
    ["sshpass "],
    String.raw`sshpass[ \t]{1,3}-p[ \t]{0,3}`,
  ),
  rule(
    "command-password",
    ["mysql", "mariadb"],
    String.raw`(?:mysql|mariadb)[a-z]{0,9}\b[^\n|;]{0,200}? -p`,
  ),
  rule(
    "command-password",
    ["redis-cli "],
    String.raw`redis-cli\b[^\n|;]{0,200}? -a `,
  ),
  rule(
    "command-password",
    ["ConvertTo-SecureString "],
    "ConvertTo-SecureString (?:-String )?",
  ),
];
