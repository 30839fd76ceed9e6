/**
 * The sources of a passphrase: an operand, a file, the environment, the line typed in Claude Code,
 * or the person at the terminal.
 *
 * @module
 */

import { type SpreadError, usage } from "../../lib/errors.ts";
import type { Flags, ReadEnv } from "./flags.ts";

/** Largest passphrase, in bytes of UTF-8. */
export const MAX_PASSPHRASE_BYTES = 64 * 1024;

/** Largest file of one, in bytes: it may have a byte order mark and a line break. */
const MAX_FILE_BYTES = MAX_PASSPHRASE_BYTES + 5;

/** Variable of the environment that holds a passphrase. */
const VARIABLE = "CLAUDE_SPREAD_PASSPHRASE";

/** Source of a passphrase; `given` holds the passphrase itself. */
export type PassphraseOrigin =
  | { kind: "generated" }
  /** None is needed: the share is for these pairs. */
  | { kind: "pairs"; names: string[] }
  /** The first line of standard input, written by the process that started this one. */
  | { kind: "handed" }
  /** The person types it, hidden. */
  | { kind: "asked" }
  /** The person types the sender's words, with completion. */
  | { kind: "words" }
  | {
    kind: "given";
    passphrase: string;
    from: "operand" | "typed" | "variable";
  }
  | { kind: "file"; path: string };

/**
 * Source of the passphrase other than an operand; `null` when there is none.
 *
 * @param typed The passphrase in the line typed in Claude Code.
 * @throws {SpreadError} `USAGE` when two sources are named.
 */
export function namedOrigin(
  flags: Flags,
  env: ReadEnv,
  typed: string | null,
): PassphraseOrigin | null {
  const path = flags.get("passphraseFile");
  const asked = flags.has("passphrase");
  if (typed !== null && (asked || path !== undefined)) {
    throw usage(
      `A passphrase and --passphrase${
        asked ? "" : "-file"
      } cannot be used together`,
      "Use one of them",
    );
  }
  if (path !== undefined) return { kind: "file", path };
  if (asked) return { kind: "asked" };
  if (typed !== null) return given(typed, "typed");
  const passphrase = env(VARIABLE);
  return passphrase ? given(passphrase, "variable") : null;
}

/** The origin of a passphrase that is known. */
export function given(
  passphrase: string,
  from: "operand" | "typed" | "variable",
): PassphraseOrigin {
  return { kind: "given", passphrase, from };
}

/** Ways to get text from outside. */
export interface PassphraseInputs {
  /** Reads a file, or standard input for `-`, as text; `null` when it has more bytes. */
  readFile: (path: string, maxBytes: number) => Promise<string | null>;
  signal: AbortSignal;
  /** Tells a person. */
  say: (text: string) => void;
  /** Whether a person types it for the first time, and so types it twice. */
  isNew: boolean;
}

/**
 * Returns the passphrase itself; `null` when one has to be generated, or comes from the process
 * that started this one.
 *
 * @throws {SpreadError} `USAGE` when it is empty, too long, or nobody can be asked.
 */
export async function resolvePassphrase(
  origin: PassphraseOrigin,
  reading: PassphraseInputs,
): Promise<string | null> {
  const passphrase = await readOrigin(origin, reading);
  if (passphrase?.trim() === "") {
    throw usage(
      passphrase === ""
        ? "The passphrase is empty"
        : "The passphrase has only spaces",
      reading.isNew
        ? "Type a passphrase, or leave it out to share with new words"
        : "Type the words or the passphrase that the sender shows",
    );
  }
  const size = new TextEncoder().encode(passphrase ?? "").length;
  if (size > MAX_PASSPHRASE_BYTES) throw tooLong();
  return passphrase;
}

function tooLong(): SpreadError {
  return usage("The passphrase is longer than 64 KiB", "Use a shorter one");
}

async function readOrigin(
  origin: PassphraseOrigin,
  { readFile, signal, say, isNew }: PassphraseInputs,
): Promise<string | null> {
  switch (origin.kind) {
    case "generated":
    case "pairs":
    case "handed":
      return null;
    case "given":
      if (origin.from === "variable") {
        say(`using the passphrase in ${VARIABLE}`);
      }
      return origin.passphrase;
    case "file": {
      const text = await readFile(origin.path, MAX_FILE_BYTES);
      if (text === null) throw tooLong();
      return text.replace(/\r?\n$/, "");
    }
  }
  if (origin.kind === "words") {
    const { askWords } = await import("./ask/ask_words.ts");
    return await askWords(signal);
  }
  const { askPassphrase } = await import("./ask/ask_passphrase.ts");
  return await askPassphrase({ twice: isNew }, signal);
}
