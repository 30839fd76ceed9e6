/**
 * Kit for tests of passphrases in transcripts.
 *
 * @module
 */

import { PassphraseRedactor } from "../session/redact/passphrases.ts";

/** Options of commands whose values are no secrets. */
export const OPEN_OPTIONS = [
  "project",
  "typed",
  "kind",
  "session",
  "pick",
  "output",
  "interface",
  "keep-open",
  "port",
  "timeout",
  "room",
  "name",
  "passphrase-file",
  "o",
];

/** A line typed for a skill, as the client keeps it. */
export const typed = (args: string): string =>
  `<command-message>claude-spread:distill-share</command-message>\n<command-name>/claude-spread:distill-share</command-name>\n<command-args>${args}</command-args>`;

/** The text without passphrases: its own, and those of what was learned before. */
export function redact(text: string, ...learned: unknown[]): string {
  const secrets = new PassphraseRedactor(OPEN_OPTIONS);
  for (const value of learned) secrets.learnFrom(value);
  return secrets.redact(text);
}
